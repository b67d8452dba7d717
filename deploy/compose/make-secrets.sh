#!/bin/sh
# Makes what compose.yaml needs and nobody may know: passwords, signing keys, and the certificate of the mail catcher.
#   deploy/compose/make-secrets.sh [folder]      by default secrets/ beside this script
# Nothing that is there is made anew: so remove a file to have another (Postgres keeps the password that its data was made with).
set -eu
umask 022
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/secrets}
mkdir -p "$folder"
# The folder keeps others out. What is in it is mounted, file by file, for users who are none of this machine's.
chmod 700 "$folder"

random() { openssl rand -hex 32; }
write() {
    if [ -e "$folder/$1" ]; then
        echo "kept  $1"
        cat >/dev/null
    else
        cat >"$folder/$1.part" && mv "$folder/$1.part" "$folder/$1"
        echo "made  $1"
    fi
}
# The value of a line `NAME=value` of a file that is there, else a new one.
value() { { [ -e "$folder/$1" ] && sed -n "s/^$2=//p" "$folder/$1"; } || true; }

postgres=$(value postgres.env POSTGRES_PASSWORD)
postgres=${postgres:-$(random)}
identity=$(value gateway.env GATEWAY_IDENTITY_SECRET)
identity=${identity:-$(value php.env GATEWAY_IDENTITY_SECRET)}
identity=${identity:-$(random)}
redis=$({ [ -e "$folder/redis.conf" ] && sed -n 's/^requirepass //p' "$folder/redis.conf"; } || true)
redis=${redis:-$(random)}

write postgres.env <<END
POSTGRES_PASSWORD=$postgres
END
write redis.conf <<END
requirepass $redis
appendonly yes
save ""
dir /data
maxmemory 256mb
maxmemory-policy volatile-ttl
END
write gateway.env <<END
JWT_SECRET=$(random)
GATEWAY_IDENTITY_SECRET=$identity
DATABASE_URL=postgres://donna:$postgres@postgres:5432/donna
REDIS_URL=redis://:$redis@redis:6379
# OPENAI_API_KEY=
# TELNYX_PUBLIC_KEY=
END
write php.env <<END
GATEWAY_IDENTITY_SECRET=$identity
# OPENAI_API_KEY=
# ELEVENLABS_API_KEY=
# TELNYX_API_KEY=
END

if [ -e "$folder/mail.crt" ] && [ -e "$folder/mail.key" ] && [ -e "$folder/mail-ca.pem" ]; then
    echo 'kept  mail.crt, mail.key, mail-ca.pem'
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    # The authority signs this one certificate; its key is thrown away.
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj '/CN=Donna mail catcher' \
        -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign' \
        -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=mail' \
        -keyout "$work/mail.key" -out "$work/mail.csr" 2>/dev/null
    printf 'subjectAltName=DNS:mail\nextendedKeyUsage=serverAuth\n' >"$work/extensions"
    openssl x509 -req -in "$work/mail.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 3650 \
        -extfile "$work/extensions" -out "$work/mail.crt" 2>/dev/null
    cp "$work/ca.pem" "$folder/mail-ca.pem"
    cp "$work/mail.crt" "$folder/mail.crt"
    cp "$work/mail.key" "$folder/mail.key"
    chmod 644 "$folder/mail.key"
    echo 'made  mail.crt, mail.key, mail-ca.pem'
fi
