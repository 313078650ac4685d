{% include "templates/launchers/common.sh" %}
# Lets the groups change all that comes into their shares.
end_predecessor
HUBINSTALL_STARTED_WITH=$(started_with)
export HUBINSTALL_STARTED_WITH
exec /usr/bin/python3 -IS {{ program | sh }} {{ folder | sh }} {{ uid_min }} {{ shares | map("sh") | join(" ") }}
