#!/bin/sh
# Lays out the whole file system of the container: one program, the libraries it loads, certificates, a user.
# usage: rootfs.sh PROGRAM FOLDER      (run by the Containerfile; works on any Debian, so it can be tried in a chroot)
set -eu
umask 022
program=$1
root=$2

mkdir -p "$root/usr/local/bin" "$root/etc/ssl/certs" "$root/etc/moncompte" "$root/var/lib/moncompte" "$root/tmp"
install -m 0755 "$program" "$root/usr/local/bin/moncompte"

# What the dynamic loader would load, at the same places, and the loader itself.
ldd "$program" | grep -o '/[^ ]*' | sort -u | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done

cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
printf 'moncompte:x:65532:65532:moncompte:/var/lib/moncompte:/nonexistent\n' > "$root/etc/passwd"
printf 'moncompte:x:65532:\n' > "$root/etc/group"
# Who is not root cannot give a folder away: `cargo xtask dist` writes the owner into the image.
if [ "$(id -u)" = 0 ]; then chown 65532:65532 "$root/var/lib/moncompte"; fi
chmod 0700 "$root/var/lib/moncompte"
chmod 1777 "$root/tmp"
