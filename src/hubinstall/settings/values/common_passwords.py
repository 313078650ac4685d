"""The passwords that people choose most often, in small letters; those of which leaks and guessers know first.

Runs such as 12345678 or aaaaaaaa are left out: passwords.py knows them by their form.
"""

_LIST = """
password password1 password12 password123 password1234 password12345 password! password1! password123! passw0rd
passw0rd1 p@ssword p@ssword1 p@ssw0rd p@ssw0rd1 p@ssw0rd123 pa$$word pa$$w0rd passwort passwort1 passwort12
passwort123 kennwort kennwort1 geheim geheim1 geheim12 geheim123 motdepasse azerty azerty123 azertyuiop contraseña
contrasena senha123 hunter2 qwerty qwerty1 qwerty12 qwerty123 qwerty1234 qwerty12345 qwertyui qwertyuiop
qwertyuiop123 qwertz qwertz123 qwertzui qwertzuiop qwertzuiopü qweasdzxc qweasdyxc qwe123qwe q1w2e3r4 q1w2e3r4t5
q1w2e3r4t5y6 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qaz@wsx zaq12wsx zaq1zaq1 !qaz2wsx qazwsx
qazwsxedc asdf asdfgh asdfghj asdfghjk asdfghjkl asdf1234 asdfasdf asdasdasd zxcvbn zxcvbnm zxcvbnm1 yxcvbnm
1234567890 0123456789 123456789a 123456a 123456ab 123456abc 12345678a 123123 123123123 123321 123321123 12341234
1234qwer 123qwe123 123qweasd 1234abcd 123abc123 147258369 159357 159753 789456123 741852963 987654321 9876543210
0987654321 11223344 1122334455 112233445566 12121212 123454321 12344321 13131313 21212121 69696969 88888888 00000000
10203040 13579 1357924680 147852369 696969 abc123 abc12345 abcd1234 abcde123 abcdef123 abcdefg1 abcd123456 a1b2c3d4
a1b2c3d4e5 a1234567 a12345678 a123456789 aa123456 aa12345678 aaa111 asd123456 admin admin1 admin12 admin123
admin1234 admin12345 admin123456 admin@123 administrator administrator1 root root123 rootroot toor user user123
user1234 username guest guest123 test test1 test12 test123 test1234 test12345 testtest testuser tester123 demo
demo1234 default changeme changeme1 changeme123 changeit letmein letmein1 letmein123 welcome welcome1
welcome12 welcome123 welcome1! welcome@123 willkommen willkommen1 willkommen123 hallo hallo123 hallohallo hello
hello123 hello1234 hellohello login login123 master master123 secret secret1 secret12 secret123 topsecret internet
internet1 computer computer1 computer123 student student1 student12 student123 students teacher teacher1 teacher123
schule schule123 school school123 university uni12345 jupyter jupyter1 jupyter12 jupyter123 jupyterhub jupyterhub1
jupyterlab jupyterlab1 notebook notebook1 python python123 linux linux123 debian debian12 ubuntu ubuntu123 server
server123 access access14 iloveyou iloveyou1 iloveyou2 iloveu ich-liebe-dich ichliebedich trustno1 dragon dragon123
monkey monkey123 sunshine sunshine1 princess princess1 football football1 fussball fussball1 baseball baseball1
basketball superman superman1 batman batman123 starwars starwars1 pokemon pokemon123 michael michael1 jennifer
jessica jessica1 charlie charlie1 daniel daniel123 thomas thomas123 andrea andrea123 alexander alexander1 schatz
schatzi schatz123 liebling sommer sommer123 sommer2024 sommer2025 sommer2026 summer summer123 summer2024 summer2025
summer2026 winter winter123 winter2024 winter2025 winter2026 frühling herbst2025 samsung samsung1 google google123
facebook facebook1 whatever whatever1 freedom freedom1 maverick mustang mercedes corvette ferrari porsche
liverpool liverpool1 chelsea1 arsenal1 barcelona barcelona1 bayern bayern123 dortmund dortmund09 schalke04
cowboys1 steelers yankees1 hannover96 hamburger killer123 lovelove loveme123 blink182 metallica nirvana1 slipknot
nintendo playstation minecraft minecraft1 fortnite fortnite1 bubbles1 butterfly butterfly1 chocolate chocolate1
cookie123 diamond1 elephant flower123 friends1 garfield snoopy123 tigger123 victoria victory1 angel123 babygirl
babygirl1 jordan23 michelle michelle1 nicole123 patrick1 rainbow1 scooby123 shadow123 spiderman spiderman1
pass1234 passpass pass@123 pass@word1 temp1234 temp123 temporary abcabcabc xyz12345 asdf123456 zxcv1234 qwer1234
qwer4321 1111111111a logitech motorola einstein computer2 september november december
"""
COMMON = frozenset(_LIST.split())
