# In the machine: starts the real snap-confine in all ways, and says what happens on the second serial
# line. `cargo xtask transitions` compares it with what is expected.
exec >/dev/console 2>&1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
B=/bin/busybox
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t securityfs securityfs /sys/kernel/security
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts /dev/pts
rm -f /dev/ptmx && ln -s pts/ptmx /dev/ptmx
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=755 tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount --make-rshared /
mkdir -p /run/snapd/lock /run/snapd/ns /run/netns /run/user/1000/doc/by-app/snap.hello
chown -R 1000:1000 /run/user/1000 && chmod 700 /run/user/1000
for s in core22 hello other; do mount --bind /snap/$s/1 /snap/$s/1; mount -o remount,bind,ro,nodev /snap/$s/1; done
chmod 666 /dev/ttyS1
say() { echo "$*" >/dev/ttyS1; }
PARSE="/parser/loader --library-path /parser /parser/apparmor_parser -I /etc/apparmor.d --skip-cache -r"
load() { $PARSE "$1" || say "cannot load $1"; }
unload() { echo -n "$1" >/sys/kernel/security/apparmor/.remove; }

say "host $(readlink /proc/self/ns/mnt)"
say "kernel $(uname -r), apparmor $(cat /sys/module/apparmor/parameters/enabled)"
caps=/usr/lib/snapd/snap-confine.caps
[ -e /usr/lib/snapd/snap-confine.v2-only.caps ] && caps=/usr/lib/snapd/snap-confine.v2-only.caps
[ -e $caps ] && setcap "$(cat $caps)" /usr/lib/snapd/snap-confine
load /etc/apparmor.d/usr.lib.snapd.snap-confine.real
cp /layout /var/lib/snapd/mount/snap.hello.fstab
echo '/run/user/1000/doc/by-app/snap.hello /run/user/1000/doc none bind,rw 0 0' >/var/lib/snapd/mount/snap.hello.user-fstab

APPLICATION='set -- $(grep ^Uid: /proc/self/status); u="$2 $3 $4"; set -- $(grep ^CapEff: /proc/self/status)
[ "$2" != "$(sed -n "s/^CapBnd:.//p" /proc/self/status)" ] || set -- "" all
echo "application: uid $u; capabilities $2; profile $(cat /proc/self/attr/current); namespace $(readlink /proc/self/ns/mnt)"'
start() { # UID
    local home=/root
    [ "$1" = 0 ] || home=/home/user
    run="env -i PATH=$PATH SNAP_INSTANCE_NAME=hello SNAP_NAME=hello SNAP_REVISION=1 SNAP=/snap/hello/1 SNAP_DATA=/var/snap/hello/1
        SNAP_COMMON=/var/snap/hello/common SNAP_VERSION=1 SNAP_ARCH=amd64 HOME=$home/snap/hello/1 SNAP_REAL_HOME=$home
        SNAP_USER_DATA=$home/snap/hello/1 SNAP_USER_COMMON=$home/snap/hello/common XDG_RUNTIME_DIR=/run/user/$1
        /usr/lib/snapd/snap-confine --base core22 snap.hello.sh /bin/sh -c"
    $B start-stop-daemon -S -c "$1:$1" -x /usr/bin/env -- ${run#env } "$APPLICATION" >/run/out 2>&1 </dev/null
    end $?
}
end() { # STATUS
    grep -h '^application:\|^missing profile\|^cannot update' /run/out >/dev/ttyS1
    say "exit $1; $(grep -q ' /run/snapd/ns/hello.mnt ' /proc/1/mountinfo && echo kept || echo not kept)"
    dmesg -c | sed -n 's/.*apparmor="DENIED" operation="\([^"]*\)".* info="\([^"]*\)".* profile="\([^"]*\)" name="\([^"]*\)".*/denied: \1 of \3 to \4: \2/p' >/dev/ttyS1
}
discard() { env -i /usr/lib/snapd/snap-discard-ns hello; dmesg -c >/dev/null; }

dmesg -c >/dev/null
say "-- a profile for the program is missing"
load /parser/snap.hello.sh
dmesg -c >/dev/null
start 1000
say "-- first start by an ordinary user"
load /parser/snap-update-ns.hello
start 1000
say "-- update"
: >/var/lib/snapd/mount/snap.hello.fstab
env -i PATH=$PATH /usr/lib/snapd/snap-update-ns hello >/run/out 2>&1 </dev/null
end $?
discard
say "-- first start by root"
start 0
discard
say "-- a profile for the application is missing"
unload snap.hello.sh
start 1000
discard
say "-- a file of another user at /tmp/.snap, and the stock policy"
cp /usr/lib/snapd/snap-update-ns.real /usr/lib/snapd/snap-update-ns # the recorder is not in the policy
cp /layout /var/lib/snapd/mount/snap.hello.fstab
rm /var/lib/snapd/mount/snap.hello.user-fstab
in_the_way() { # what any user of the snap can make
    rm -rf /tmp/snap-private-tmp/snap.hello/tmp/.snap
    : >/tmp/snap-private-tmp/snap.hello/tmp/.snap
    chown 1001:1001 /tmp/snap-private-tmp/snap.hello/tmp/.snap
}
load /parser/snap.hello.sh
load /parser/stock
dmesg -c >/dev/null
start 1000
discard
in_the_way
start 1000
start 0
say "-- the same, and a policy that allows everything"
load /parser/snap-update-ns.hello
dmesg -c >/dev/null
start 1000
discard
say "-- the same, by root"
in_the_way
start 0
say "-- end"
sleep 1
reboot -f
