#!/bin/bash
# vm-snapd.sh - run the REAL snapd (daemon, snap run, snap-confine, systemd, AppArmor) over a given snap-update-ns,
# in a virtual machine (QEMU, software emulation, no network in the guest), with real snaps: a base, a content
# provider, an application with layouts and a service that keeps running while things are refreshed.
# From nothing to verdict.  Nothing is installed on this machine; needs root, qemu-system-x86_64, debootstrap.
# `cargo xtask snapd` runs it: docs/real-snapd.md.
#
#   SNAP_UPDATE_NS=/file  the binary under test (static ELF)
#   WORLDS="orig ours"    which runs: orig = the packaged original, ours = SNAP_UPDATE_NS,
#                         mixed = begins with the original, ours takes over in the middle, the original again at the end
#   MODE=deb              the packaged tools run (SNAP_REEXEC=0); MODE=reexec: snapd re-executes from the snapd snap, and
#                         snap-confine and snap-update-ns come from there (as on most machines); mixed only with deb
#   SUITE=sid             Debian suite of guest: kernel, systemd, snapd (sid, trixie)
#   CACHE=/dir            root file system, snaps and scratch (default under TMPDIR, about 5 GB)    REBUILD=1: make snaps anew
#   OUT=/dir              what the guest saw: OUT/WORLD/{console.log,results/...}; OUT/report.txt
#   STEPS="03-user ..."   only these parts of the story, and what all need: install, and the end (parts: see the driver below)
#   LIMIT=3000            seconds per world;  MEM=2048 (MiB);  CPUS=2;  ACCEL=tcg,thread=multi;  PARALLEL=1: worlds at once
#   KNOWN=/file           extended regexes: state differences (lines "STEP: -line"/"STEP: +line") that are meant
#
# How it works: the root file system is debootstrapped into CACHE and put in an ext4 image without loop mounts (a copy
# of it is booted; ext4 and nvme are built into the "cloud" kernel, so there is no initramfs).  A second disk brings a
# tar (binary, snaps, guest driver), a third takes a tar with results.  No store is needed: everything is installed with
# "snap install --dangerous".  snapd insists on a snap "snapd" before anything that is not one: it is packed from the
# files of Debian's package.  In MODE=reexec that snap carries the binary under test.  The host's clock does not matter.
# Content interfaces do not connect by themselves for such snaps: connecting them is part of the scenario.
#
# Time under emulation on two cores: root file system 100 s (once), snaps 20 s (once), a world 10 to 17 min, 2 worlds
# with PARALLEL=1 17 min; twice that on a busy machine.
#
# Exit: 0 in every world but orig each assertion holds, there is no denial of snap-update-ns that orig does not have, and no
# notice or failure line of ours that is not listed, no unknown difference in state from orig (mounts, tree, contents,
# saved and desired profiles, what is on the host) at any step where orig's own assertions hold; 1 otherwise; 2 could not run,
# or a guest did not get to the end.
set -u
export LC_ALL=C
umask 022
HERE=$(cd "$(dirname "$0")" && pwd)
SNAP_UPDATE_NS=${SNAP_UPDATE_NS:-}
WORLDS=${WORLDS:-orig ours} MODE=${MODE:-deb} SUITE=${SUITE:-sid}
CACHE=$(realpath -m "${CACHE:-${TMPDIR:-/tmp}/vm-snapd-cache}")
unset TMPDIR # what runs in the root file system would look for it there
STEPS=${STEPS:-}
OUT=$(realpath -m "${OUT:-$CACHE/out-$SUITE-$MODE}")
LIMIT=${LIMIT:-3000} MEM=${MEM:-2048} CPUS=${CPUS:-2} ACCEL=${ACCEL:-tcg,thread=multi}
bail() { echo "cannot run: $*"; exit 2; }
[ "$(id -u)" = 0 ] || bail "needs root"
for t in qemu-system-x86_64:qemu-system-x86 debootstrap:debootstrap mke2fs:e2fsprogs apt-get:apt python3:python3; do
    command -v ${t%:*} >/dev/null || bail "needs ${t%:*} (Debian: apt-get install ${t#*:})"; done
for t in $STEPS; do grep -q "^if part $t[ ;]" "$0" || bail "there is no part $t: $(sed -n 's/^if part \([^ ;]*\).*/\1/p' "$0" | tr '\n' ' ')"; done
case " $WORLDS " in *" ours "*|*" mixed "*) [ -f "$SNAP_UPDATE_NS" ] || bail "no SNAP_UPDATE_NS"
    head -c 8192 "$SNAP_UPDATE_NS" | grep -qa '/ld-linux\|/ld-musl' && bail "$SNAP_UPDATE_NS is dynamically linked";; esac
mkdir -p "$CACHE" "$OUT" || exit 2
W=$(mktemp -d "$CACHE/run.XXXXXX") || exit 2
PIDS=
trap 'rc=$?; for p in $PIDS $(cat "$W"/pid.* 2>/dev/null); do kill "$p" 2>/dev/null; done; rm -rf --one-file-system "$W"; exit $rc' EXIT
trap 'exit 130' INT TERM

# ------------------------------------------------------------------ 1. the root file system (once per suite)
R=$CACHE/$SUITE/root
IMG=$CACHE/$SUITE/root.img
if [ ! -e "$CACHE/$SUITE/ready" ]; then
    t0=$(date +%s)
    MIRROR=${DEB_MIRROR:-$(apt-get indextargets --format '$(SITE) $(ORIGIN) $(COMPONENT)' 2>/dev/null | awk '$2=="Debian" && $3=="main" && $1 !~ /security/ {print $1; exit}')}
    [ -n "$MIRROR" ] || bail "this machine's apt knows no Debian mirror (DEB_MIRROR=)"
    rm -rf --one-file-system "$CACHE/$SUITE"; mkdir -p "$CACHE/$SUITE"
    L=$CACHE/$SUITE/build.log
    debootstrap --variant=minbase "$SUITE" "$R" "$MIRROR" >"$L" 2>&1 || { tail -3 "$L"; bail "debootstrap"; }
    cp /etc/resolv.conf "$R/etc/resolv.conf" # for apt in there, now
    # dependencies which debootstrap does not resolve: virtual packages; no recommends (an initramfs generator, ...)
    chroot "$R" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends systemd systemd-sysv udev dbus \
        dbus-user-session libpam-systemd snapd apparmor squashfs-tools kmod busybox-static strace >>"$L" 2>&1 || { tail -3 "$L"; bail "apt-get in the root"; }
    # the kernel: unpacked, not installed
    ( set -e; cd "$R/var/cache/apt/archives"
      p=$(chroot "$R" apt-cache depends --no-recommends linux-image-cloud-amd64 | awk '$1 ~ /Depends:/ && $2 ~ /^linux-image-/ {print $2; exit}')
      d=$(chroot "$R" apt-cache depends --no-recommends "$p" | awk '$1 ~ /Depends:/ && $2 ~ /^linux-(binary|modules)-/ {printf "%s ", $2}')
      chroot "$R" sh -c "cd /var/cache/apt/archives && apt-get download $p $d"
      for k in linux-*.deb; do dpkg-deb -x "$k" "$CACHE/$SUITE/k"; done
      v=$(find "$CACHE/$SUITE/k" -type f -name 'vmlinuz*' | head -1); cp "$v" "$CACHE/$SUITE/vmlinuz"
      mkdir -p "$R/usr/lib/modules"
      for m in "$CACHE/$SUITE"/k/{,usr/}lib/modules; do [ ! -d "$m" ] || cp -a "$m/." "$R/usr/lib/modules/"; done
      chroot "$R" depmod "$(ls "$R/usr/lib/modules" | head -1)"
      rm -rf "$CACHE/$SUITE/k" ) >>"$L" 2>&1 || { tail -3 "$L"; bail "the kernel of $SUITE"; }
    chroot "$R" apt-get clean
    rm -rf "$R"/usr/share/{doc,locale,man,info}/* "$R"/var/lib/apt/lists/*
    # only the policy that snapd needs: the parser is slow under emulation
    find "$R/etc/apparmor.d" -maxdepth 1 -type f ! -name '*snap*' -delete
    : >"$R/etc/resolv.conf"; echo vm >"$R/etc/hostname"; echo '127.0.0.1 localhost vm' >"$R/etc/hosts"; : >"$R/etc/fstab"
    chroot "$R" useradd -m -u 1000 -s /bin/bash user
    mkdir -p "$R"/usr/share/fonts/host "$R"/usr/local/share/fonts/host "$R"/var/cache/fontconfig "$R"/usr/share/doc/host-doc "$R"/usr/share/gtk-doc/host
    echo hostfont >"$R/usr/share/fonts/host/f"; echo hostdoc >"$R/usr/share/doc/host-doc/d"; echo hostcache >"$R/var/cache/fontconfig/c"
    for u in e2scrub_reap.service systemd-networkd.service systemd-timesyncd.service systemd-resolved.service apt-daily.timer \
        apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer systemd-tmpfiles-clean.timer getty@tty1.service \
        serial-getty@ttyS0.service snapd.seeded.service snapd.snap-repair.timer systemd-random-seed.service systemd-update-utmp.service \
        modprobe@drm.service systemd-sysusers.service; do
        ln -sf /dev/null "$R/etc/systemd/system/$u"; done
    mkdir -p "$R/t" "$R/var/lib/systemd/linger"; : >"$R/var/lib/systemd/linger/user" # user 1000 has a session bus
    cat >"$R/etc/systemd/system/vmtest.service" <<'E'
[Unit]
After=snapd.service snapd.apparmor.service dbus.service
Wants=snapd.service
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/sh -c 'modprobe virtio_blk; udevadm settle; tar -x -C /t -f /dev/vda && exec /t/driver'
ExecStopPost=/bin/systemctl poweroff --force --force
[Install]
WantedBy=multi-user.target
E
    ln -sf ../vmtest.service "$R/etc/systemd/system/multi-user.target.wants/vmtest.service"
    mke2fs -q -t ext4 -L root -d "$R" "$IMG" 2G || bail "mke2fs"
    echo "root file system of $SUITE: $(( $(date +%s)-t0 )) s"
    : >"$CACHE/$SUITE/ready"
fi

# ------------------------------------------------------------------ 2. the snaps (once per suite)
# made with the guest's own "snap pack" (which validates them), in a chroot
S=$CACHE/$SUITE/snaps
HASH=$(sed -n '/^# BEGIN-SNAPS/,/^# END-SNAPS/p' "$0" | md5sum | cut -c1-12)
[ "$(cat "$S/hash" 2>/dev/null)" = "$HASH" ] && [ -z "${REBUILD:-}" ] || {
t0=$(date +%s)
# BEGIN-SNAPS
rm -rf "$S" "$R/snapsrc"; mkdir -p "$S" "$R/snapsrc"
cd "$R/snapsrc"
pack() { # DIR NAME [COMPRESSION]
    chroot "$R" snap pack --compression=${3:-lzo} --filename="$2.snap" "/snapsrc/$1" /snapsrc >"$W/pack.log" 2>&1 || { cat "$W/pack.log"; bail "snap pack $1"; }
    mv "$2.snap" "$S/"
}
# --- base: dash, bash, coreutils and friends with their libraries, and the directories that a base has to have
mkbase() { # DIR REVISION
    local B=$1 p l
    mkdir -p "$B"/{dev,etc/alternatives,home,root,proc,sys,tmp,run,snap,mnt,media,opt,srv,boot,meta}
    mkdir -p "$B"/usr/{bin,sbin,lib/snapd,lib/modules,lib/firmware,lib64,lib/x86_64-linux-gnu,lib/plugins,include,src,games,local/share/fonts,local/bin}
    mkdir -p "$B"/var/{lib/snapd,lib/misc,log,tmp,snap,cache/apt,cache/fontconfig,mail,spool} "$B"/usr/share/{doc/base,misc,icons/hicolor,themes/Plain,info,man,gtk-doc,fonts}
    ln -s /run "$B/var/run"; ln -s usr/bin "$B/bin"; ln -s usr/sbin "$B/sbin"; ln -s usr/lib "$B/lib"; ln -s usr/lib64 "$B/lib64"
    ln -s ../lib/snapd/snapctl "$B/usr/bin/snapctl"
    for p in bash dash sh cat ls stat readlink touch mkdir rmdir rm cp mv ln sleep sort find grep sed head tail wc date env id true false uname \
        mountpoint findmnt md5sum test seq tr cut dirname basename chmod chown dd tee mktemp mkfifo; do
        [ -e "$R/usr/bin/$p" ] && cp -a "$R/usr/bin/$p" "$B/usr/bin/"
        [ -e "$R/usr/bin/$p" ] || bail "no $p for the base"
    done
    for p in "$R"/usr/bin/coreutils*; do [ -e "$p" ] && cp -a "$p" "$B/usr/bin/"; done
    for l in $(for p in "$B"/usr/bin/*; do [ -f "$p" ] && [ ! -L "$p" ] && chroot "$R" ldd "/usr/bin/$(basename "$p")" 2>/dev/null; done | grep -o '/[^ ]*' | sort -u); do
        mkdir -p "$B$(dirname "$l")"; cp -L "$R$l" "$B$l" 2>/dev/null; done
    echo plain >"$B/usr/share/plain.txt"; ln -s misc "$B/usr/share/alias"; echo magic >"$B/usr/share/misc/magic"; echo basedoc >"$B/usr/share/doc/base/d"
    echo "base $2" >"$B/usr/share/base-revision"; echo helper >"$B/usr/lib/plugins/helper"; ln -s plugins "$B/usr/lib/plugins-link"
    cat >"$B/meta/snap.yaml" <<E
name: vmbase
version: '$2'
type: base
summary: a base
description: a base
architectures: [amd64]
E
}
mkbase b1 1; pack b1 vmbase_1; mkbase b2 2; pack b2 vmbase_2
# --- provider: plain content, and content with several sources; revision 2 has more
for r in 1 2; do
    mkdir -p p$r/meta p$r/data/sub p$r/plug-a p$r/plug-b
    echo "data $r" >p$r/data/version; echo "sub $r" >p$r/data/sub/version; echo "a $r" >p$r/plug-a/version; echo "b $r" >p$r/plug-b/version
    more=; [ $r = 2 ] && { mkdir p2/plug-c; echo "c 2" >p2/plug-c/version; more=', $SNAP/plug-c'; }
    cat >p$r/meta/snap.yaml <<E
name: prov
version: '$r'
base: vmbase
summary: provider
description: provider
architectures: [amd64]
confinement: strict
slots:
  ro: {interface: content, content: vmdata, read: [\$SNAP/data]}
  src: {interface: content, content: vmsrc, source: {read: [\$SNAP/plug-a, \$SNAP/plug-b$more]}}
  rw: {interface: content, content: vmrw, write: [\$SNAP_COMMON/wr]}
E
    pack p$r prov_$r
done
# --- application
mkapp() { # DIR VERSION ; layout on stdin
    local A=$1
    mkdir -p $A/{meta/hooks,bin,share/appdata,lib/tool,lib/applink,content,plugins,etc}
    for f in share/appdata lib/tool lib/applink content plugins; do echo "$f $2" >$A/$f/version; done
    echo "file $2" >$A/share/file.txt; echo "conf $2" >$A/etc/app.conf
    cat >$A/bin/probe <<'E'
#!/bin/bash
# probe PATH...: one line for each, what the snap sees there; probe -c COMMAND: a shell (almost no forks: they are dear)
[ "$1" = -c ] && exec /bin/bash "$@"
shopt -s dotglob nullglob
for p in "$@"; do
    t= v=
    [ -L "$p" ] && t="link($(readlink "$p"))"
    if [ -d "$p" ]; then
        [ -f "$p/version" ] && read -r v <"$p/version"
        n=("$p"/*); n=("${n[@]##*/}"); l=; for x in "${n[@]}"; do l="$l$x "; done
        echo "$p ${t:+$t }dir [$v] {$l}"
    elif [ -e "$p" ]; then read -r v <"$p"; echo "$p ${t:+$t }file [$v]"
    elif [ -n "$t" ]; then echo "$p $t dangling"
    else echo "$p absent"; fi
done
E
    cat >$A/bin/svc <<'E'
#!/bin/bash
# beats every 0.3 s and says what it sees; lives through refreshes
n=0; rm -f $SNAP_COMMON/pipe; mkfifo $SNAP_COMMON/pipe; exec 9<>$SNAP_COMMON/pipe; last=${EPOCHREALTIME/./}
while :; do
    now=${EPOCHREALTIME/./}; gap=$(( (now-last)/1000 )); last=$now
    c= d=; read -r c <$SNAP/content/version; read -r d </usr/share/appdata/version
    echo "$n $$ gap=$gap content=[$c] data=[$d]" >>$SNAP_COMMON/beats
    n=$((n+1)); read -rt 0.3 -u 9
done 2>/dev/null
E
    cat >$A/meta/hooks/install <<'E'
#!/bin/bash
mkdir -p $SNAP_COMMON/state; echo "state" >$SNAP_COMMON/state/version
cat /usr/share/appdata/version >$SNAP_COMMON/install-hook-saw 2>&1
E
    cat >$A/meta/hooks/connect-plug-vmdata <<'E'
#!/bin/bash
cat $SNAP/content/version >$SNAP_COMMON/connect-hook-saw 2>&1
E
    chmod 755 $A/bin/* $A/meta/hooks/*
    { cat <<E
name: app
version: '$2'
base: vmbase
summary: application
description: application
architectures: [amd64]
confinement: strict
grade: devel
plugs:
  vmdata: {interface: content, content: vmdata, target: \$SNAP/content, default-provider: prov}
  vmsrc: {interface: content, content: vmsrc, target: \$SNAP/plugins, default-provider: prov}
  vmrw: {interface: content, content: vmrw, target: \$SNAP_COMMON/shared, default-provider: prov}
hooks:
  install: {}
  connect-plug-vmdata: {}
apps:
  probe: {command: bin/probe}
  svc: {command: bin/svc, daemon: simple, refresh-mode: endure}
layout:
E
    cat; } >$A/meta/snap.yaml
}
mkapp a1 1 <<'E'
  /usr/share/appdata: {bind: $SNAP/share/appdata}
  /usr/share/appfile.txt: {bind-file: $SNAP/share/file.txt}
  /usr/lib/applink: {symlink: $SNAP/lib/applink}
  /usr/lib/x86_64-linux-gnu/apptool: {bind: $SNAP/lib/tool}
  /usr/share/missing/deep/er: {bind: $SNAP_DATA/deep}
  /etc/appconf: {bind: $SNAP_DATA/etc/appconf}
  /etc/app.conf: {bind-file: $SNAP_DATA/app.conf}
  /etc/app.link: {symlink: $SNAP/etc/app.conf}
  /opt/apptmp: {type: tmpfs, mode: '0750'}
  /var/lib/appstate: {bind: $SNAP_COMMON/state}
  /usr/share/themed: {bind: $SNAP/content}
  /usr/share/icons/hicolor: {bind: $SNAP/share/appdata}
E
pack a1 app_1
# symlink replaces bind, bind replaces symlink, removed ones, new ones, another tmpfs mode, a tmpfs where a bind was
mkapp a2 2 <<'E'
  /usr/share/appdata: {symlink: $SNAP/share/appdata}
  /usr/lib/applink: {bind: $SNAP/lib/applink}
  /usr/lib/x86_64-linux-gnu/apptool: {bind: $SNAP/lib/tool}
  /usr/share/missing/deep: {bind: $SNAP_DATA/deep}
  /usr/share/added: {bind: $SNAP/lib/tool}
  /srv/added: {symlink: $SNAP/lib/tool}
  /etc/appconf: {bind: $SNAP_DATA/etc/appconf}
  /opt/apptmp: {type: tmpfs, mode: '0700'}
  /var/lib/appstate: {type: tmpfs}
  /usr/share/themed: {bind: $SNAP/content}
  /usr/share/icons/hicolor: {bind: $SNAP/lib/tool}
E
pack a2 app_2
# no layout at all: everything is undone in a living namespace
mkapp a3 3 </dev/null; sed -i '/^layout:/d' a3/meta/snap.yaml
pack a3 app_3
# one that cannot be done: the host has a link on the way, which is never followed
mkapp a4 4 <<'E'
  /usr/share/appdata: {bind: $SNAP/share/appdata}
  /usr/share/added4: {bind: $SNAP/lib/tool}
  /etc/host-link/sub: {symlink: $SNAP/etc/app.conf}
E
pack a4 app_4
# a symlink where the base has a directory and revision 1 a bind, a file where it had a directory (the original cannot)
mkapp a5 5 <<'E'
  /usr/share/appdata: {bind-file: $SNAP/share/file.txt}
  /usr/share/icons/hicolor: {symlink: $SNAP/share/appdata}
  /usr/share/themed: {bind: $SNAP/content}
E
pack a5 app_5
# where the host has something of another kind: a file, a link, a directory
mkapp a6 6 <<'E'
  /usr/share/appdata: {bind: $SNAP/share/appdata}
  /usr/share/themed: {bind: $SNAP/content}
  /etc/hostname: {symlink: $SNAP/etc/app.conf}
  /etc/host-link: {bind: $SNAP/share/appdata}
  /etc/host-dir: {bind-file: $SNAP/share/file.txt}
E
pack a6 app_6
# --- what the other interfaces mount, for the system and for a user
mkdir -p desk/meta desk/bin desk/data; cp a1/bin/probe desk/bin/; echo desk >desk/data/version
cat >desk/meta/snap.yaml <<'E'
name: desk
version: '1'
base: vmbase
summary: desktop application
description: desktop application
architectures: [amd64]
confinement: strict
grade: devel
plugs:
  shm: {interface: shared-memory, private: true}
  desktop: null
  home: null
  docs: {interface: system-packages-doc}
  dot-local: {interface: personal-files, write: [$HOME/.local/share/appdir, $HOME/.config2/deep/er/appdir]}
apps:
  probe: {command: bin/probe}
layout:
  /usr/share/deskdata: {bind: $SNAP/data}
E
pack desk desk_1
# --- snapd: the files of Debian's package; with the original, and (per run) with the binary under test
mksnapd() { # DIR
    mkdir -p $1/meta
    tar -C "$R" -c --xattrs --xattrs-include='*' $(chroot "$R" dpkg -L snapd | while read f; do [ -d "$R$f" ] && [ ! -L "$R$f" ] || echo ".$f"; done | grep -v 'share/doc\|share/locale\|share/man\|/lintian\|^./snap$') 2>/dev/null | tar -C $1 -x --xattrs --xattrs-include='*'
    [ -x $1/usr/lib/snapd/snapd ] && [ -e $1/usr/bin/snap ] || bail "files of snapd"
    cat >$1/meta/snap.yaml <<E
name: snapd
version: '$(chroot "$R" dpkg-query -W -f '${Version}' snapd)'
type: snapd
summary: snapd
description: the files of the package
architectures: [amd64]
confinement: strict
E
}
mksnapd sd; pack sd snapd_orig
cp -a sd "$S/snapd.dir"
# END-SNAPS
cd /; rm -rf "$R/snapsrc"
echo "$HASH" >"$S/hash"
echo "snaps: $(( $(date +%s)-t0 )) s"
}

# ------------------------------------------------------------------ 3. what runs in the guest
mkdir -p "$W/g"
cat >"$W/g/driver" <<'DRIVER'
#!/bin/bash
. /t/conf # WORLD MODE STEPS
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/snap/bin
O=/t/results; mkdir -p $O
exec </dev/null >$O/driver.log 2>&1
say() { echo "@@ $*" >/dev/ttyS0; echo "@@ $*" >>$O/log; }
STEP=start; FAILED=0
finish() {
    collect
    journalctl -b -o short-monotonic --no-pager >$O/journal.txt 2>&1
    snap changes >$O/changes.txt 2>&1
    for c in $(snap changes 2>/dev/null | awk '$2 == "Error" {print $1}'); do snap change $c >>$O/changes-failed.txt 2>&1; done
    cp -r /var/lib/snapd/apparmor/profiles $O/profiles-at-end 2>/dev/null
    tar -c -C /t results | dd of=/dev/vdb bs=1M conv=fsync 2>/dev/null
    say "END at $(cut -d. -f1 /proc/uptime) s"
    systemctl poweroff --force --force
}
trap finish EXIT
echo 0 >/proc/sys/kernel/printk_ratelimit
now() { date +%s%N; }
# the kernel's words since the last step
collect() { dmesg -c >$O/dmesg.part; mkdir -p $O/$STEP; cat $O/dmesg.part >>$O/dmesg.txt
    grep -E 'apparmor="(DENIED|ERROR|KILLED)"' $O/dmesg.part >>$O/$STEP/denied
    grep 'apparmor="ALLOWED"' $O/dmesg.part | grep snap-update-ns >>$O/$STEP/denied
    grep snap-update-ns $O/$STEP/denied | sed -E 's/^\[[^]]*\] //; s/audit\([^)]*\)/audit()/; s/ pid=[0-9]+//; s/ (fsuid|ouid)=[0-9]+//g' | while IFS= read -r l; do say "DENIED $STEP $l"; done; }
# a step: run, note status and time
step() { # NAME COMMAND...
    collect; STEP=$1; shift; mkdir -p $O/$STEP
    local a b rc; a=$(now); timeout -k 10 600 "$@" >$O/$STEP/out 2>&1; rc=$?; b=$(now)
    say "STEP $STEP rc=$rc ms=$(( (b-a)/1000000 )) : $*"
    [ $rc = 0 ] || { head -20 $O/$STEP/out | while IFS= read -r l; do say "      $l"; done; }
    RC=$rc
}
# whether a part of the story is played; without the parts that it needs there is no result
part() { # NAME NEEDED...
    local p
    [ -n "$STEPS" ] || return 0
    [[ " $STEPS " == *" $1 "* ]] || return 1
    for p in "${@:2}"; do [[ " $STEPS " == *" $p "* ]] || { say "$1 needs $p"; exit; }; done
}
ok() { # STATUS LABEL
    if [ "$1" = 0 ]; then say "ok $STEP: $2"; else say "NOT-OK $STEP: $2"; FAILED=$((FAILED+1)); fi; }
rc0() { [ $RC = 0 ]; ok $? "exit status 0"; }
# what a snap sees, through snap run; as root or as the user
asuser() { (cd /home/user; exec runuser -u user -- env HOME=/home/user XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus "$@"); }
PATHS="/usr/share/appdata /usr/share/appfile.txt /usr/lib/applink /usr/lib/x86_64-linux-gnu/apptool /usr/share/missing/deep /usr/share/missing/deep/er
 /etc/appconf /etc/app.conf /etc/app.link /opt/apptmp /var/lib/appstate /usr/share/themed /usr/share/icons/hicolor /usr/share/added /srv/added
 /usr/share/plain.txt /usr/share/alias /usr/share/misc/magic /usr/lib/plugins/helper /usr/share/base-revision /etc/hostname /etc/host-link /etc/host-dir"
probe() { # WHO SNAP -> $O/$STEP/probe.WHO.SNAP
    P=$O/$STEP/probe.$1.$2; PR=
    local rc
    case $1 in
    root) timeout 120 snap run $2.probe $PATHS /snap/app/current/content /snap/app/current/plugins >$P 2>$P.err; rc=$?;;
    user) asuser timeout 120 snap run $2.probe $PATHS /snap/app/current/content /snap/app/current/plugins >$P 2>$P.err; rc=$?;;
    esac
    [ $rc = 0 ]; ok $? "snap run $2.probe as $1 (exit $rc $(head -c 300 $P.err | tr '\n' ' '))"; }
# what the living service sees, from outside
live() { # SNAP
    P=$O/$STEP/live.$1; PR=; local pid; pid=$(svcpid $1)
    nsenter -t $pid -m /bin/bash /snap/$1/current/bin/probe $PATHS /snap/$1/current/content /snap/$1/current/plugins >$P 2>$P.err; }
has() { # PATH REGEX: what the last probe saw there (no forks: they are dear under emulation)
    local l re="^$1 $2\$" it=
    [ "$PR" = "$P" ] || { mapfile -t PL <$P; PR=$P; }
    for l in "${PL[@]}"; do [[ $l =~ $re ]] && { ok 0 "${P##*/}: $1 is $2"; return; }; [[ $l == "$1 "* ]] && it=$l; done
    ok 1 "${P##*/}: $1 should be $2, it is: $it"; }
svcpid() { systemctl show -p MainPID --value snap.$1.svc.service; }
alive() { # SNAP PID
    [ "$2" != 0 ] && [ "$(svcpid $1)" = $2 ] && [ -e /proc/$2 ]; ok $? "the service of $1 is the same process ($2, $(svcpid $1))"
    local cg=/sys/fs/cgroup/system.slice/snap.$1.svc.service/cgroup.events
    grep -q 'frozen 0' $cg; ok $? "the service of $1 is not frozen"
    local n m; n=$(wc -l </var/snap/$1/common/beats); sleep 1.5; m=$(wc -l </var/snap/$1/common/beats); [ $m -gt $n ]; ok $? "the service of $1 beats"; }
# the state, in a form that can be compared between worlds
norm() { sed -E -f <(losetup -l -n -O NAME,BACK-FILE | sed -E 's,^(\S+)\s+.*/([^/]*)$,s/\1( |$)/loop:\2 /,; s,/dev/,\\/dev\\/,'); }
table() { awk '{p=""; for (i=7; $i != "-"; i++) {split($i, f, ":"); p = p "," f[1]} print $5, $4, $6, (p == "" ? ",private" : p), $(i+1), $(i+2), $(i+3)}' | norm | sed -E 's/size=[0-9]+k/size=X/; s/nr_inodes=[0-9]+k?/nr_inodes=X/; s/(net|mnt):\[[0-9]+\]/nsfs/' | sort; }
TREE="/usr/share /usr/lib /usr/local/share /etc /opt /srv /mnt /var/lib /var/cache /tmp /dev/shm"
state() {
    local s d
    for s in app app_two desk; do
        grep -q " /run/snapd/ns/$s.mnt " /proc/self/mountinfo || continue
        d=$O/$STEP/state.$s; mkdir -p $d
        nsenter --mount=/run/snapd/ns/$s.mnt /usr/bin/cat /proc/self/mountinfo | table >$d/mounts
        nsenter --mount=/run/snapd/ns/$s.mnt /usr/bin/find $TREE /snap/$s/current/ -maxdepth 3 ! -path '/usr/lib/modules/*' ! -path '/usr/lib/systemd/*' ! -path '/etc/systemd/*' ! -path '/usr/lib/snapd/*' ! -path '/var/lib/snapd/*' ! -path '/var/lib/dpkg/*' ! -path '/var/lib/apt/*' ! -path '/var/lib/systemd/*' ! -path '/etc/udev/*' ! -path '/tmp/systemd*' -printf '%y %m %u:%g %p -> %l\n' 2>/dev/null | sort >$d/tree
        nsenter --mount=/run/snapd/ns/$s.mnt /usr/bin/grep -rs '' --include=version --include='app*' --include='*.txt' $TREE /snap/$s/current/ 2>/dev/null | grep -v '^/usr/share/perl\|^/var/lib/\(snapd\|dpkg\)\|^/usr/lib/modules' | sort >$d/contents
        sort /run/snapd/ns/snap.$s.fstab >$d/saved 2>/dev/null
    done
    d=$O/$STEP/state.host; mkdir -p $d
    (cd /var/lib/snapd/mount 2>/dev/null && for f in *fstab; do [ -e $f ] && sed "s,^,$f: ," $f; done) >$d/desired
    find /run/snapd/ns -printf '%y %m %u:%g %p\n' | sort >$d/ns
    table </proc/self/mountinfo | grep snap >$d/mounts
    find /var/snap /tmp/snap-private-tmp /home/user -printf '%y %m %u:%g %p -> %l\n' 2>/dev/null | grep -v '/home/user/\.bash\|/home/user/\.profile' | sort >$d/storage
}
hosttree() { find /etc /usr/share /usr/lib /usr/local /opt /srv /mnt /media /var/lib /var/cache /tmp /root -maxdepth 1 -printf '%y %m %u:%g %p -> %l\n' | grep -v '/etc/resolv.conf\|/tmp/systemd-private\|/etc/$\|/etc/udev\|/root/snap' | sort; }
sun() { # orig|ours: which program is in place (MODE=deb)
    [ $MODE = deb ] || return 0
    case $1 in orig) cp -a /t/sun.orig /usr/lib/snapd/.sun;; ours) install -m 755 /t/sun.ours /usr/lib/snapd/.sun;; esac
    mv /usr/lib/snapd/.sun /usr/lib/snapd/snap-update-ns; say "now in place: $1 $(md5sum </usr/lib/snapd/snap-update-ns | cut -c1-12)"; }
phase() { [ $WORLD = mixed ] || return 0; sun $1; }
logs() { local s; for s in app app_two; do : >>/run/snapd/ns/snap.$s.log; done; }

# ---------------------------------------------------------------- the system
say "START at $(cut -d. -f1 /proc/uptime) s, world $WORLD, mode $MODE, kernel $(uname -r)"
cp -a /usr/lib/snapd/snap-update-ns /t/sun.orig
case $WORLD in ours) sun ours;; *) sun orig;; esac
if [ $MODE = deb ]; then echo SNAP_REEXEC=0 >>/etc/environment; export SNAP_REEXEC=0; systemctl restart snapd.service; fi
step 00-seed snap wait system seed.loaded
step 00-version snap version; say "$(tr '\n' ';' <$O/00-version/out | tr -s ' ')"
step 00-confinement snap debug confinement; say "snap debug confinement: $(cat $O/00-confinement/out)"
snap debug sandbox-features >$O/sandbox-features.txt 2>&1
say "LSMs $(cat /sys/kernel/security/lsm), AppArmor $(cat /sys/module/apparmor/parameters/mode), cgroup $(stat -f -c %T /sys/fs/cgroup), snap-confine $(getcap /usr/lib/snapd/snap-confine 2>/dev/null | cut -d' ' -f2- || stat -c %a /usr/lib/snapd/snap-confine)"
systemctl start user@1000.service; [ -S /run/user/1000/bus ] || say "the user has no session bus"
step 00-set snap set system experimental.parallel-instances=true refresh.retain=8; rc0
ln -s /usr/share/misc /etc/host-link; mkdir /etc/host-dir; echo mine >/etc/host-dir/version
hosttree >$O/host.before
# ---------------------------------------------------------------- 01 install
step 01-snapd snap install --dangerous /t/snapd.snap; rc0
[ $MODE = reexec ] && for i in $(seq 60); do [ "$(readlink /proc/$(systemctl show -p MainPID --value snapd)/exe)" = /snap/snapd/x1/usr/lib/snapd/snapd ] && break; sleep 1; done
say "snapd runs from $(readlink /proc/$(systemctl show -p MainPID --value snapd)/exe)"
step 01-base snap install --dangerous /t/vmbase_1.snap; rc0
step 01-prov snap install --dangerous /t/prov_1.snap; rc0
mkdir -p /run/snapd/ns; logs
step 02-install snap install --dangerous /t/app_1.snap; rc0
[ $RC = 0 ] || { say "the rest makes no sense"; exit; }
snap list >$O/02-install/list; snap connections app >$O/02-install/connections 2>&1
cp /sys/kernel/security/apparmor/profiles $O/02-install/aa-profiles
say "profiles: $(grep 'snap-update-ns\|snap-confine\|^snap\.app' $O/02-install/aa-profiles | tr '\n' ';')"
grep -q '^snap-update-ns.app (enforce)' $O/02-install/aa-profiles; ok $? "profile snap-update-ns.app is enforced"
# control: a program under that profile is refused what the profile does not mention, and it is logged
collect; printf 'echo "exec snap-update-ns.app" >/proc/self/attr/apparmor/exec || exit 99\nexec /usr/bin/cat /t/conf\n' >/t/control
bash /t/control >$O/02-install/control 2>&1; c=$?; sleep 0.5; dmesg -c >$O/02-install/control.dmesg
[ $c != 0 ] && [ $c != 99 ] && grep -q 'apparmor="DENIED".*profile="snap-update-ns.app".*comm="\(cat\|bash\)"' $O/02-install/control.dmesg; ok $? "control: what the profile does not mention is refused (exit $c) and logged ($(grep -c DENIED $O/02-install/control.dmesg))"
probe root app
expect1() { # SNAP REVISION
    has /usr/share/appdata 'dir \[share/appdata 1\] .*'; has /usr/share/appfile.txt 'file \[file 1\]'; has /usr/lib/applink "link\(/snap/app/$2/lib/applink\) dir \[lib/applink 1\] .*"
    has /usr/lib/x86_64-linux-gnu/apptool 'dir \[lib/tool 1\] .*'; has /usr/share/missing/deep/er 'dir .*'; has /etc/appconf 'dir .*'; has /etc/app.conf 'file .*'; has /etc/app.link "link\(/snap/app/$2/etc/app.conf\) file \[conf 1\]"
    has /opt/apptmp 'dir .*'; has /var/lib/appstate 'dir \[state\] .*'; has /usr/share/icons/hicolor 'dir \[share/appdata 1\] .*'
    has /usr/share/plain.txt 'file \[plain\]'; has /usr/share/alias 'link\(misc\) dir .*'; has /usr/share/misc/magic 'file \[magic\]'; has /usr/lib/plugins/helper 'file \[helper\]'; has /etc/hostname 'file \[vm\]'; has /usr/share/added absent
    has /etc/host-link 'link\(/usr/share/misc\) dir .*'; has /etc/host-dir 'dir .*'; } # (what is in it the application may not read)
expect2() { # REV
    has /usr/share/appdata "link\(/snap/app/$1/share/appdata\) dir \[share/appdata 2\] .*"; has /usr/lib/applink 'dir \[lib/applink 2\] .*'; has /usr/share/appfile.txt absent; has /usr/share/missing/deep 'dir .*'; has /usr/share/added 'dir \[lib/tool 2\] .*'
    has /srv/added "link\(/snap/app/$1/lib/tool\) dir \[lib/tool 2\] .*"; has /etc/appconf 'dir .*'; has /etc/app.conf absent; has /etc/app.link absent; has /var/lib/appstate 'dir \[\] .*'; has /usr/share/icons/hicolor 'dir \[lib/tool 2\] .*'; has /usr/share/plain.txt 'file \[plain\]'; has /usr/share/alias 'link\(misc\) dir .*'; }
D=1 # what the provider's data says
expect1 app x1; has /usr/share/themed 'dir \[content 1\] .*'
[ "$(cat /var/snap/app/common/install-hook-saw)" = "share/appdata 1" ]; ok $? "the install hook saw the layout"
state; PID=$(svcpid app); alive app $PID
if part 03-user; then
step 03-user true; probe user app; expect1 app x1; state
fi
# ---------------------------------------------------------------- 04 connect, with the service running
phase ours
if part 04-connect; then
step 04-connect snap connect app:vmdata prov:ro; rc0
live app; has /snap/app/current/content 'dir \[data 1\] .*'; has /usr/share/themed 'dir \[data 1\] .*'; has /usr/share/appdata 'dir \[share/appdata 1\] .*'
say "note: the connect hook saw: $(cat /var/snap/app/common/connect-hook-saw)"
state; alive app $PID
step 04-connect-src snap connect app:vmsrc prov:src; rc0
live app; has /snap/app/current/plugins 'dir \[plugins 1\] \{plug-a plug-b version \}'; has /snap/app/current/content 'dir \[data 1\] .*'
probe root app; has /snap/app/current/plugins 'dir \[plugins 1\] \{plug-a plug-b version \}'
step 04-connect-rw snap connect app:vmrw prov:rw; rc0
touch /var/snap/prov/common/wr/from-provider; snap run app.probe -c 'touch $SNAP_COMMON/shared/from-app && ls $SNAP_COMMON/shared' >$O/$STEP/wr 2>&1; grep -q from-provider $O/$STEP/wr && [ -e /var/snap/prov/common/wr/from-app ]; ok $? "the writable content is shared: $(tr '\n' ' ' <$O/$STEP/wr)"
state; alive app $PID
fi
# ---------------------------------------------------------------- 05 other interfaces that mount; a user's own mounts
if part 05-desk; then
step 05-desk snap install --dangerous /t/desk_1.snap; rc0
step 05-desk-connect sh -c 'for p in shm desktop docs home dot-local; do snap connect desk:$p || exit; done'; rc0
snap connections desk >$O/$STEP/connections
touch /dev/shm/of-host; asuser mkdir -p /run/user/1000/doc/by-app/snap.desk/mine; asuser touch /run/user/1000/doc/everybody
DP="/usr/share/doc /usr/share/fonts /usr/local/share/fonts /var/cache/fontconfig /usr/share/gtk-doc /usr/share/gimp/2.0/help /usr/share/deskdata /dev/shm /usr/share/misc/magic"
desk() { # WHO
    P=$O/$STEP/desk.$1; PR=
    case $1 in root) timeout 120 snap run desk.probe $DP >$P 2>$P.err;; user) asuser timeout 120 snap run desk.probe $DP /run/user/1000/doc >$P 2>$P.err;; esac
    has /usr/share/doc 'dir .*\{.*host-doc .*\}'; has /usr/share/fonts 'dir .*\{host \}'; has /usr/local/share/fonts 'dir .*\{host \}'; has /var/cache/fontconfig 'dir .*\{c \}'
    has /usr/share/gtk-doc 'dir .*\{host \}'; has /usr/share/deskdata 'dir \[desk\] .*'; has /dev/shm 'dir \[\] \{\}'; has /usr/share/misc/magic 'file \[magic\]'; }
desk root; desk user; has /run/user/1000/doc 'dir \[\] \{mine \}'
(cd /home/user && stat -c "%n %a %U:%G" .local .local/share .config2 .config2/deep .config2/deep/er) >$O/$STEP/made 2>&1
grep -q '^.local/share 700 user:user' $O/$STEP/made && grep -q '^.config2/deep/er 700 user:user' $O/$STEP/made; ok $? "directories of personal-files were made for the user: $(tr '\n' ' ' <$O/$STEP/made)"
rm -f /dev/shm/of-host; state
step 05-desk-disconnect snap disconnect desk:desktop; rc0; P=$O/$STEP/desk.user; asuser timeout 120 snap run desk.probe $DP /run/user/1000/doc >$P 2>$P.err
PR=; has /usr/share/fonts 'dir \[\] \{\}'; has /usr/share/doc 'dir .*\{.*host-doc .*\}'; state
step 05-desk-remove snap remove --purge desk; rc0; find /run/snapd/ns | grep desk | grep -v '\.lock$' >$O/$STEP/left; [ ! -s $O/$STEP/left ]; ok $? "nothing is left of it in /run/snapd/ns: $(tr '\n' ' ' <$O/$STEP/left)"
fi
# ---------------------------------------------------------------- 06 provider's refresh, with the service running
if part 06-provider 04-connect; then
step 06-provider snap install --dangerous /t/prov_2.snap; rc0; D=2
live app; has /snap/app/current/content 'dir \[data 2\] .*'; has /usr/share/themed 'dir \[data 2\] .*'; has /snap/app/current/plugins 'dir \[plugins 1\] \{plug-a plug-b plug-c version \}'
probe root app; has /snap/app/current/content 'dir \[data 2\] .*'; state; alive app $PID
fi
# ---------------------------------------------------------------- 07 application's refresh: other layouts, same process
if part 07-refresh 04-connect; then
step 07-refresh snap install --dangerous /t/app_2.snap; rc0
live app; expect2 x2; has /snap/app/current/content "dir \[data $D\] .*"; has /usr/share/themed "dir \[data $D\] .*"
probe root app; expect2 x2; has /snap/app/current/content "dir \[data $D\] .*"; probe user app; expect2 x2
state; alive app $PID
fi
# ---------------------------------------------------------------- 08 disconnect, connect again
if part 08-disconnect 04-connect 07-refresh; then
step 08-disconnect snap disconnect app:vmdata prov:ro; rc0
live app; has /snap/app/current/content 'dir \[content 2\] .*'; has /usr/share/themed 'dir \[content 2\] .*'; state; alive app $PID
step 08-disconnect-src snap disconnect app:vmsrc prov:src; rc0
live app; has /snap/app/current/plugins 'dir \[plugins 2\] \{version \}'; state; alive app $PID
step 08-reconnect snap connect app:vmdata prov:ro; rc0
live app; has /snap/app/current/content "dir \[data $D\] .*"; has /usr/share/themed "dir \[data $D\] .*"; state; alive app $PID
fi
# ---------------------------------------------------------------- 09 everything undone in a living namespace, and back
if part 09-undo 04-connect 07-refresh; then
step 09-nolayout snap install --dangerous /t/app_3.snap; rc0
live app; has /usr/share/appdata absent; has /usr/share/added absent; has /srv/added absent; has /etc/appconf absent; has /snap/app/current/content "dir \[data $D\] .*"; has /usr/share/plain.txt 'file \[plain\]'; has /etc/hostname 'file \[vm\]'; state; alive app $PID
step 09-revert snap revert app; rc0; snap list --all app >$O/09-revert/list
live app; expect2 x2; probe root app; expect2 x2; has /usr/share/themed "dir \[data $D\] .*"; state; alive app $PID
step 09-revert-1 snap revert app --revision=x1; rc0; live app; expect1 app x1; probe root app; expect1 app x1; has /snap/app/current/content "dir \[data $D\] .*"; has /usr/share/themed "dir \[data $D\] .*"; state; alive app $PID
fi
# ---------------------------------------------------------------- 11 disable, enable
phase orig
if part 11-disable 09-undo; then
step 11-disable snap disable app; rc0; state
! grep -q ' /run/snapd/ns/app.mnt ' /proc/self/mountinfo; ok $? "the namespace is gone"
step 11-enable snap enable app; rc0; PID=$(svcpid app); probe root app; expect1 app x1; has /snap/app/current/content "dir \[data $D\] .*"; has /usr/share/themed "dir \[data $D\] .*"; state; alive app $PID
fi
# ---------------------------------------------------------------- 12 a parallel instance
phase ours
if part 12-instance; then
step 12-instance snap install --dangerous --name app_two /t/app_1.snap; rc0
step 12-instance-connect snap connect app_two:vmdata prov:ro; rc0
grep -q '^snap-update-ns.app_two (enforce)' /sys/kernel/security/apparmor/profiles; ok $? "profile snap-update-ns.app_two is enforced"
probe root app_two; expect1 app_two x1; has /snap/app/current/content "dir \[data $D\] .*"
snap run app_two.probe -c 'echo $SNAP $SNAP_DATA; echo two >$SNAP_COMMON/mine; cat /var/snap/app/common/mine; cat /snap/app/x1/content/version' >$O/$STEP/two 2>&1; [ "$(tr '\n' ' ' <$O/$STEP/two)" = "/snap/app/x1 /var/snap/app/x1 two data $D " ] && [ "$(cat /var/snap/app_two/common/mine)" = two ] && [ ! -e /var/snap/app/common/mine ]; ok $? "the instance sees its own under the plain name: $(tr '\n' ' ' <$O/$STEP/two)"
PID2=$(svcpid app_two); state; alive app_two $PID2
step 12-instance-refresh snap install --dangerous --name app_two /t/app_2.snap; rc0
probe root app_two; expect2 x2; state; alive app_two $PID2; alive app $PID
fi
# ---------------------------------------------------------------- 13 another base while the service runs; then a restart
if part 13-base 09-undo; then
step 13-base snap install --dangerous /t/vmbase_2.snap; rc0
probe root app; has /usr/share/base-revision 'file \[base 1\]'; state
step 13-stop snap stop app.svc; rc0
step 13-start snap start app.svc; rc0; sleep 1; PID=$(svcpid app); probe root app; has /usr/share/base-revision 'file \[base 2\]'; expect1 app x1; has /snap/app/current/content "dir \[data $D\] .*"; state; alive app $PID
fi
# ---------------------------------------------------------------- 15 times
if part 15-times 04-connect 12-instance; then
step 15-times true
stat_ms() { sort -n | awk '{a[NR] = $1} END {printf "min %.1f median %.1f max %.1f ms (%d)", a[1], a[int((NR+1)/2)], a[NR], NR}'; }
t() { local a; a=$(now); "$@" >/dev/null 2>&1 || echo "exit $?: $*" >>$O/15-times/failed; echo "$(( ($(now)-a)/10000 ))" | awk '{print $1/100}'; }
for i in 1 2 3; do t snap disconnect app:vmdata prov:ro >>$O/$STEP/disconnect; t snap connect app:vmdata prov:ro >>$O/$STEP/connect; done
SUN=/usr/lib/snapd/snap-update-ns; [ $MODE = deb ] || SUN=/snap/snapd/current/usr/lib/snapd/snap-update-ns
for i in $(seq 20); do t $SUN app >>$O/$STEP/nothing-to-do; done
FSTAB=/var/lib/snapd/mount/snap.app.fstab; cp $FSTAB /t/full; grep -v '/content ' /t/full >/t/less
for i in $(seq 10); do cp /t/less $FSTAB; t $SUN app >>$O/$STEP/update; cp /t/full $FSTAB; t $SUN app >>$O/$STEP/update; done
: >/t/none; for i in $(seq 5); do cp /t/none $FSTAB; t $SUN app >>$O/$STEP/undo-all; cp /t/full $FSTAB; t $SUN app >>$O/$STEP/make-all; done
step 15-stop snap stop app.svc app_two.svc
for i in 1 2 3 4 5; do /usr/lib/snapd/snap-discard-ns app; t snap run app.probe / >>$O/15-times/first-start; t snap run app.probe / >>$O/15-times/later-start; done
for f in connect disconnect nothing-to-do update undo-all make-all first-start later-start; do say "TIME $f: $(stat_ms <$O/15-times/$f)"; done
[ ! -e $O/15-times/failed ]; ok $? "all that was timed went well: $(sort $O/15-times/failed 2>/dev/null | uniq -c | tr '\n' ';')"
for s in app app_two; do say "longest pause of the service of $s: $(grep -o 'gap=[0-9]*' /var/snap/$s/common/beats | cut -d= -f2 | sort -n | tail -1) ms of $(wc -l </var/snap/$s/common/beats) beats"; cp /var/snap/$s/common/beats $O/beats.$s; done
step 15-start snap start app.svc; PID=$(svcpid app); state
fi
# ---------------------------------------------------------------- 16 a refresh that cannot be done, and is undone; other kinds than before.
# Here the original breaks the namespace of the living service (and more): so this comes late
if part 16-kinds 09-undo; then
at() { local r; r=$(readlink /snap/app/current); [ "$r" = $1 ]; ok $? "the application is at $1: $r"; }
step 16-bad snap install --dangerous /t/app_4.snap; [ $RC != 0 ]; ok $? "a layout beyond a link of the host's is refused: $(tr '\n' ' ' <$O/16-bad/out | tail -c 300)"; at x1
[ "$(readlink /etc/host-link)" = /usr/share/misc ] && [ ! -e /usr/share/misc/sub ] && [ ! -L /usr/share/misc/sub ]; ok $? "nothing was made where it leads"
live app; expect1 app x1; has /snap/app/current/content "dir \[data $D\] .*"; has /usr/share/themed "dir \[data $D\] .*"; probe root app; expect1 app x1; [ "$(cat /etc/hostname)" = vm ]; ok $? "the host's file is as it was"; state; alive app $PID
step 16-kinds snap install --dangerous /t/app_5.snap; rc0; K=$(readlink /snap/app/current)
live app; has /usr/share/appdata 'file \[file 5\]'; has /usr/share/icons/hicolor "link\(/snap/app/$K/share/appdata\) dir \[share/appdata 5\] .*"; has /usr/share/themed "dir \[data $D\] .*"; has /usr/share/plain.txt 'file \[plain\]'; has /opt/apptmp absent; state; alive app $PID
[ $K = x1 ] || { step 16-kinds-back snap revert app --revision=x1; rc0; }; at x1; live app; expect1 app x1; has /usr/share/themed "dir \[data $D\] .*"; probe root app; expect1 app x1; state; alive app $PID
# things of the host in the way of three layouts: the snap sees its own, the host keeps what it has
step 16-host snap install --dangerous /t/app_6.snap; rc0; K=$(readlink /snap/app/current)
live app; has /etc/hostname "link\(/snap/app/$K/etc/app.conf\) file \[conf 6\]"; has /etc/host-link 'dir \[share/appdata 6\] .*'; has /etc/host-dir 'file \[file 6\]'; has /usr/share/themed "dir \[data $D\] .*"; state; alive app $PID
[ "$(cat /etc/hostname)" = vm ] && [ "$(readlink /etc/host-link)" = /usr/share/misc ] && [ "$(cat /etc/host-dir/version)" = mine ]; ok $? "the host's own are as they were"
[ $K = x1 ] || { step 16-host-back snap revert app --revision=x1; rc0; }; at x1; live app; expect1 app x1; has /usr/share/themed "dir \[data $D\] .*"; probe root app; expect1 app x1; state; alive app $PID
fi
# ---------------------------------------------------------------- 18 remove
phase orig
if part 18-remove; then
cp /run/snapd/ns/*.log $O/ 2>/dev/null
for s in app app_two; do say "the program's own log has $(wc -l </run/snapd/ns/snap.$s.log) lines for $s"; done
rm -f /run/snapd/ns/*.log
[ ! -e /snap/app_two ] || { step 18-remove-two snap remove --purge app_two; rc0; }
step 18-remove snap remove --purge app; rc0
step 18-remove-prov snap remove --purge prov; rc0
step 18-remove-base snap remove --purge vmbase; rc0
state
left=$(find /run/snapd/ns -mindepth 1 ! -name '*.lock' | tr '\n' ' '); [ -z "$left" ]; ok $? "nothing is left in /run/snapd/ns: $left"
left=$(grep -E 'app|prov|vmbase|snap\.rootfs|/tmp/\.snap' /proc/self/mountinfo); [ -z "$left" ]; ok $? "no mount is left: $left"
left=$(losetup -l -n -O BACK-FILE | grep -v snapd_ | tr '\n' ' '); [ -z "$left" ]; ok $? "no loop device is left: $left"
hosttree >$O/host.after; diff $O/host.before $O/host.after >$O/host.diff; grep '^[<>]' $O/host.diff | grep -v '/var/cache/snapd\|/var/lib/snapd\|/tmp/snap' >$O/host.diff2; [ ! -s $O/host.diff2 ]; ok $? "the host's directories are as before: $(tr '\n' ' ' <$O/host.diff2)"
fi
# ---------------------------------------------------------------- 19 what was said
collect
journalctl -b -o cat --no-pager >$O/journal.cat
grep -h 'cannot update snap namespace\|cannot update preserved\|panic:' $O/journal.cat | sort | uniq -c | head -20 | while IFS= read -r l; do say "journal: $l"; done
say "RESULT failed=$FAILED"
DRIVER
chmod 755 "$W/g/driver"
cp "$S"/{vmbase_1,vmbase_2,prov_1,prov_2,app_1,app_2,app_3,app_4,app_5,app_6,desk_1}.snap "$W/g/"

# ------------------------------------------------------------------ 4. run
world() { # NAME
    local w=$1 d=$W/w.$1 t0 q rc; t0=$(date +%s)
    mkdir -p "$d" "$OUT/$w"; cp -r "$W/g" "$d/g"
    echo "WORLD=$w MODE=$MODE STEPS='$STEPS'" >"$d/g/conf"
    [ -f "$SNAP_UPDATE_NS" ] && cp "$SNAP_UPDATE_NS" "$d/g/sun.ours"
    cp "$S/snapd_orig.snap" "$d/g/snapd.snap"
    if [ "$MODE" = reexec ] && [ "$w" = ours ]; then
        rm -rf "$R/snapsrc"; mkdir -p "$R/snapsrc"; cp -a "$S/snapd.dir" "$R/snapsrc/sd"
        install -m 755 "$SNAP_UPDATE_NS" "$R/snapsrc/sd/usr/lib/snapd/snap-update-ns"
        chroot "$R" snap pack --compression=lzo --filename=snapd_ours.snap /snapsrc/sd /snapsrc >/dev/null || return 2
        mv "$R/snapsrc/snapd_ours.snap" "$d/g/snapd.snap"; rm -rf "$R/snapsrc"
    fi
    tar -C "$d/g" -cf "$d/in.tar" .; truncate -s %1M "$d/in.tar"; rm -rf "$d/g"
    truncate -s 256M "$d/out.raw"; cp --sparse=always "$IMG" "$d/root.img"
    # without cx16: QEMU 7.2 emulates cmpxchg16b wrongly now and then, and the guest's allocator dies of it
    timeout "$LIMIT" qemu-system-x86_64 -M pc -accel "$ACCEL" -cpu max,-cx16 -m "$MEM" -smp "$CPUS" -nographic -no-reboot -net none \
        -kernel "$CACHE/$SUITE/vmlinuz" -drive file="$d/root.img",if=none,id=r,format=raw,cache=unsafe -device nvme,drive=r,serial=root \
        -drive file="$d/in.tar",if=virtio,format=raw,readonly=on -drive file="$d/out.raw",if=virtio,format=raw,cache=unsafe \
        -append "root=/dev/nvme0n1 rw console=ttyS0 quiet loglevel=1 panic=-1 apparmor=1 security=apparmor log_buf_len=8M printk.devkmsg=on audit_backlog_limit=16384 systemd.unit=multi-user.target systemd.show_status=0" \
        </dev/null >"$OUT/$w/console.raw" 2>&1 & q=$!
    echo $q >"$W/pid.$w"; wait $q; rc=$?; rm -f "$W/pid.$w"
    tr -d '\r' <"$OUT/$w/console.raw" >"$OUT/$w/console.log"; rm -f "$OUT/$w/console.raw"
    rm -rf "$OUT/$w/results"; tar -x -C "$OUT/$w" -f "$d/out.raw" 2>/dev/null
    echo "$w: qemu $rc, $(( $(date +%s)-t0 )) s on the host" >"$OUT/$w/took"; cat "$OUT/$w/took"
    rm -rf "$d"
}
for w in $WORLDS; do rm -rf "${OUT:?}/$w"; done
for w in $WORLDS; do
    world "$w" & PIDS="$PIDS $!" # in the background, so that a signal reaches us
    [ -n "${PARALLEL:-}" ] || wait $!
done
wait

# ------------------------------------------------------------------ 5. report
cat >"$W/report.py" <<'REPORT'
import os, re, sys, collections
out, worlds, known_file, mode = sys.argv[1], sys.argv[2].split(), sys.argv[3], sys.argv[4]
# differences in state that are meant: rows of docs/compatibility.md
KNOWN = [ # regexes on 'STEP: FILE: -line' or '...+line'
    (r'/tmp/\.snap(/| |$)', 'D1: the original leaves /tmp/.snap'),
    (r'/(tree|mounts): [-+](d \d+ root:root )?/opt/apptmp ', 'C9: the original ignores the mode of a tmpfs'),
    (r'/mounts: [-+]/snap/app/x\d+/(content|plugins/plug-.) .* ro,(nodev,)?relatime .*squashfs loop:prov', 'C12: the original drops nodev from a read-only bind'),
    (r'/mounts: [-+]/usr/share/themed /data ro,(nodev,)?relatime ', 'C12: the original drops nodev from a read-only bind'),
    (r'/(mounts|tree|contents): [-+](. \d+ root:root )?/usr/share/themed', 'C1: a layout over content shows old content in the original'),
    (r'state.desk/tree: -.* /usr/(local/)?share/(doc ->|(cups|gimp|help|javascript|libreoffice|sphinx_rtd_theme|xubuntu-docs)[/ ])', 'D15: the original makes mount points, and mimics, for content that is not there'),
    (r'state.desk/(mounts|saved): -(tmpfs |/usr/local/share/fonts )?/usr/local/share(/fonts)? .*(tmpfs|vmbase|synthetic)', 'D15: the original makes mount points, and mimics, for content that is not there'),
    (r'/saved: -(\S+) \1 none r?bind,.*x-snapd\.synthetic', 'D31: the original records each child of a mimic'),
    (r'snap\.(app|app_two)\.log', 'the log that this test switched on'),
]
if known_file:
    for l in open(known_file):
        if l.strip() and not l.startswith('#'): KNOWN.append((l.rstrip('\n'), 'KNOWN'))
bad = 0
W = {}
for w in worlds:
    d = f'{out}/{w}'
    log = []
    try: lines = open(f'{d}/console.log', errors='replace').read().split('\n')
    except OSError: lines = []
    p = f'{d}/results/log'
    if os.path.exists(p): lines = open(p, errors='replace').read().split('\n')
    r = dict(steps=collections.OrderedDict(), asserts=collections.OrderedDict(), denied=collections.OrderedDict(), other=[], end=False)
    for l in lines:
        m = re.search(r'@@ (.*)', l)
        if not m: continue
        l = m.group(1)
        if m := re.match(r'STEP (\S+) rc=(\d+) ms=(\d+) : (.*)', l): r['steps'][m[1]] = (int(m[2]), int(m[3]), m[4])
        elif m := re.match(r'(ok|NOT-OK) (\S+?): (.*)', l):
            key = (m[2], re.sub(r' (is|should be) .*', '', m[3]) if '/' in m[3].split(' ')[1:2].__str__() else re.sub(r'[:(].*', '', m[3]))
            n = 1
            while (key + (n,)) in r['asserts']: n += 1
            r['asserts'][key + (n,)] = (m[1] == 'ok', m[3])
        elif m := re.match(r'DENIED (\S+) (.*)', l): r['denied'][(m[1], m[2])] = r['denied'].get((m[1], m[2]), 0) + 1
        elif l.startswith('RESULT'): r['end'] = True
        else: r['other'].append(l)
    W[w] = r
def section(t): print(f'\n== {t}')
section('worlds')
for w in worlds:
    r = W[w]; took = open(f'{out}/{w}/took').read().strip() if os.path.exists(f'{out}/{w}/took') else '?'
    f = sum(not a for a, _ in r['asserts'].values())
    print(f"{w}: {len(r['steps'])} steps, {len(r['asserts'])} assertions, {f} failed, {sum(r['denied'].values())} denials of snap-update-ns; {'ran to the end' if r['end'] else 'DID NOT FINISH'}; {took}")
    if not r['end']: bad = 2
    for l in r['other']:
        if not l.startswith(' ') : print(f'    {l[:300]}')
section('steps: exit status and milliseconds (snap commands wait for the change to be done)')
names = list(collections.OrderedDict.fromkeys(n for w in worlds for n in W[w]['steps']))
for n in names:
    c = [W[w]['steps'].get(n) for w in worlds]
    cmd = next(x[2] for x in c if x)
    print(f'{n:26}' + ''.join(f'{"-" if not x else str(x[0])+" "+str(x[1]):>14}' for x in c) + '  ' + cmd + ('   <-- DIFFERENT STATUS' if len({x[0] for x in c if x}) > 1 else ''))
section('assertions that do not hold')
for w in worlds:
    for k, (a, t) in W[w]['asserts'].items():
        if not a:
            others = [v for v in worlds if v != w and W[v]['asserts'].get(k, (False,))[0]]
            print(f"{w}: {k[0]}: {t[:400]}" + (f"   [holds in {', '.join(others)}]" if others else ''))
            if w != 'orig' and not (w == 'mixed' and not W.get('orig', dict(asserts={}))['asserts'].get(k, (True,))[0]): bad = max(bad, 1)
section('denials of snap-update-ns (AppArmor)')
for w in worlds:
    for (s, t), n in W[w]['denied'].items():
        t2 = re.sub(r'audit: type=1400 audit\(\): ', '', t)
        print(f'{w}: {s}: {n}x {t2}')
        if w != 'orig' and not ('orig' in W and any(t == u[1] for u in W['orig']['denied'])): bad = max(bad, 1)
# what our program says: its own log (steps, notices), and what reaches people: journal, standard error of a start, errors of snap
STEPS = [r'\d+ steps$', r'nothing to do$', r'mounts are made with ', r'it failed: undoing what was done$',
    r'(unmount|remove (symbolic link|mount point|source)|forget|create (source|mount point|symbolic link)|ensure directory|mount|mount beneath what is at|make writable) /\S*: (done|not there any more|stays|missing, which is ignored|left out|not possible)(?!, but)']
LISTED = [ # notices and failures that belong to the story
    (r'/etc(/\S*)? is a copy for the snap now: ', 'D30: the host has something else in the place of a layout'),
    (r'cannot update snap namespace: layout /etc/host-link/sub \(snap\.app\.fstab:\d+\): /etc/host-link is a symbolic link', 'the layout that cannot be had: a link of the host is on its way'),
    (r'left out: content \S+ \(snap\.desk\.fstab:\d+\): source /var/lib/snapd/hostfs/usr/\S+ does not exist', 'documentation that the host does not have'),
    (r'not frozen in time: a user', 'B1: an emulated processor can be late for a user\'s group'),
]
section('what the program said, besides its steps')
for w in worlds:
    if w == 'orig': continue
    said, logs = collections.Counter(), 0
    base = f'{out}/{w}/results'
    for d, _, fs in os.walk(base):
        for f in fs:
            log = f.startswith('snap.') and f.endswith('.log')
            if not (log or f == 'journal.cat' or f == 'out' or f.endswith('.err')): continue
            if w == 'mixed' and not log: continue # the original's are in there, too
            theirs = False
            for l in open(os.path.join(d, f), errors='replace'):
                l = l.strip()
                if w == 'mixed': # the original writes into the same log, over what is there: behind its last line is a part of one
                    before, theirs = theirs, l.startswith('DEBUG: ')
                    if theirs or before: continue
                if log:
                    logs += 1
                    if not any(re.match(rx, l) for rx in STEPS): said[l] += 1
                elif m := re.search(r'snap-update-ns: (.*)|(cannot update snap namespace: .*)', l): said[m[1] or m[2]] += 1
    unlisted = 0
    for l, n in said.items():
        why = next((why for rx, why in LISTED if re.match(rx, l)), None)
        unlisted += why is None
        print(f"{w}: {n}x {l[:300]}" + (f'   [{why}]' if why else '   <-- NOT LISTED'))
    print(f'{w}: {logs} lines of its own log; {unlisted} kinds of lines are not listed')
    if unlisted or ('18-remove' in W[w]['steps'] and not logs): bad = max(bad, 1)
def read(w, s, f):
    p = f'{out}/{w}/results/{s}/{f}'
    try: t = open(p, errors='replace').read()
    except OSError: return None
    t = re.sub(r'(fd|pipe_ino)=\d+', r'\1=X', t)
    # the host's own /tmp is half of its memory, which the kernel tells where that is not its default: it depends on how
    # much of the memory was there when systemd mounted it
    if f.endswith('/mounts'): t = re.sub(r'(?m)^(\S*/tmp .* tmpfs tmpfs rw),size=X', r'\1', t)
    # which entry a mimic was made for depends on the order in which it came about (C13, C21)
    # and ours tells in a number what it shows (D31)
    if f.endswith('/saved'): t = re.sub(r',x-snapd.shows=[0-9a-f]+', '', re.sub(r'x-snapd.needed-by=[^, ]*', 'x-snapd.needed-by=X', t))
    return t.split('\n')[:-1]
ref = 'orig' if 'orig' in worlds else worlds[0]
wrong = {k[0] for k, (ok, _) in W[ref]['asserts'].items() if not ok} # steps where the reference itself is wrong
for w in worlds:
    if w == ref: continue
    section(f'state: {w} compared with {ref} (- only {ref}, + only {w})')
    same = 0; known = collections.Counter(); seen = {}; judged = []
    for s in names:
        if not (s in W[ref]['steps'] and s in W[w]['steps']): print(f'{s}: not in both'); continue
        fs = sorted({os.path.join(d, f) for x in (ref, w) for d in (os.listdir(f'{out}/{x}/results/{s}') if os.path.isdir(f'{out}/{x}/results/{s}') else []) if d.startswith('state.') for f in os.listdir(f'{out}/{x}/results/{s}/{d}')})
        for f in fs:
            a, b = read(ref, s, f), read(w, s, f)
            if a is None or b is None:
                print(f'{s}: {f}: only in {ref if b is None else w}'); bad = max(bad, 1); continue
            ca, cb = collections.Counter(a), collections.Counter(b)
            d = [('-', l) for l in (ca-cb).elements()] + [('+', l) for l in (cb-ca).elements()]
            left = []
            for sign, l in d:
                t = f'{s}: {f}: {sign}{l}'
                for rx, why in KNOWN:
                    if re.search(rx, t): known[why] += 1; break
                else: left.append((sign, l))
            if not left: same += 1; continue
            key = (f, tuple(left))
            if key in seen:
                if s not in wrong: judged.append(s)
                print(f'{s}: {f}: the same difference as at {seen[key]}'); continue
            seen[key] = s
            if s not in wrong: judged.append(s)
            print(f"{s}: {f}: {len(left)} lines" + (f' (not judged: {ref} fails an assertion of this step)' if s in wrong else ''))
            for sign, l in left[:40]: print(f'    {sign}{l}')
            if len(left) > 40: print(f'    ... {len(left)-40} more')
    print(f'{same} files of state are the same; {sum(known.values())} lines left out: ' + '; '.join(f'{n} x {k}' for k, n in known.items()))
    print(f'differences at steps where all assertions of {ref} hold: {len(judged)}')
    if judged: bad = max(bad, 1)
print()
print(f"verdict: {['good', 'DIFFERENCES OR FAILURES', 'DID NOT FINISH'][bad]}; {sum(len(W[w]['asserts']) for w in worlds)} assertions in {len(worlds)} worlds, mode {mode}")
sys.exit(1 if bad == 1 else bad)
REPORT
python3 "$W/report.py" "$OUT" "$WORLDS" "${KNOWN:-}" "$MODE" | tee "$OUT/report.txt"
exit "${PIPESTATUS[0]}"
