#!/bin/sh
# An LDAP directory (slapd, with TLS) with two people and groups; unless $2 says otherwise, also SSSD, which makes its
# accounts those of the machine.
set -eu
export DEBIAN_FRONTEND=noninteractive
suffix=dc=example,dc=org
debconf-set-selections <<END
slapd slapd/domain string example.org
slapd shared/organization string Example
slapd slapd/password1 password $1
slapd slapd/password2 password $1
END
apt-get update -q
sssd=
[ "${2-}" = "without SSSD" ] || sssd="sssd-ldap libnss-sss libpam-sss"
# shellcheck disable=SC2086 # a list of words
apt-get install -qy --no-install-recommends slapd ldap-utils openssl $sssd

# libldap takes the machine's own name for localhost.
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext "subjectAltName=DNS:localhost,DNS:$(hostname)${3+,IP:$3}" \
    -keyout /etc/ldap/server.key -out /etc/ldap/server.pem
chown openldap: /etc/ldap/server.key
chmod 400 /etc/ldap/server.key
ldapmodify -Q -Y EXTERNAL -H ldapi:/// <<END
dn: cn=config
changetype: modify
replace: olcTLSCertificateFile
olcTLSCertificateFile: /etc/ldap/server.pem
-
replace: olcTLSCertificateKeyFile
olcTLSCertificateKeyFile: /etc/ldap/server.key
END
sed -i 's|^SLAPD_SERVICES=.*|SLAPD_SERVICES="ldap:/// ldapi:/// ldaps:///"|' /etc/default/slapd
# It answers a moment after its script has ended.
cat >/usr/local/sbin/start-slapd <<END
#!/bin/sh
service slapd restart
for i in \$(seq 300); do ldapwhoami -Q -Y EXTERNAL -H ldapi:/// >/dev/null 2>&1 && exit; sleep 0.2; done
exit 1
END
chmod 755 /usr/local/sbin/start-slapd
start-slapd

ldapadd -x -H ldapi:/// -D "cn=admin,$suffix" -w "$1" <<END
dn: ou=people,$suffix
objectClass: organizationalUnit
ou: people

dn: ou=groups,$suffix
objectClass: organizationalUnit
ou: groups

dn: uid=emmy,ou=people,$suffix
objectClass: inetOrgPerson
objectClass: posixAccount
uid: emmy
cn: Emmy
sn: Noether
uidNumber: 200001
gidNumber: 200000
homeDirectory: /home/emmy
loginShell: /bin/bash
userPassword: $1

dn: uid=otto,ou=people,$suffix
objectClass: inetOrgPerson
objectClass: posixAccount
uid: otto
cn: Otto
sn: Hahn
uidNumber: 200002
gidNumber: 200000
homeDirectory: /home/otto
loginShell: /bin/bash
userPassword: $1

dn: cn=scientists,ou=groups,$suffix
objectClass: posixGroup
cn: scientists
gidNumber: 200000

dn: cn=hub-admins,ou=groups,$suffix
objectClass: posixGroup
cn: hub-admins
gidNumber: 200010
memberUid: emmy

dn: cn=members,ou=groups,$suffix
objectClass: posixGroup
cn: members
gidNumber: 200020
memberUid: emmy
END

[ "$sssd" ] || exit 0
cat >/etc/sssd/sssd.conf <<END
[sssd]
services = nss, pam
domains = example

[nss]
memcache_timeout = 5

[domain/example]
id_provider = ldap
auth_provider = ldap
ldap_uri = ldaps://localhost
ldap_search_base = $suffix
ldap_tls_cacert = /etc/ldap/server.pem
cache_credentials = true
entry_cache_timeout = 5
END
chmod 600 /etc/sssd/sssd.conf
if [ -d /run/systemd/system ]; then systemctl restart sssd; else sssd -D; fi
getent passwd emmy
