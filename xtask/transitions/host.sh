# Sourced by xtask/e2e/real-client.sh (HOOK): packs the root that it made for the real snap-confine, so
# that `cargo xtask transitions` can take it to a machine with AppArmor. PARSER is where AppArmor's
# parser is unpacked, TRANSITIONS is this directory, STOCK a policy like the stock one for the desired
# profile LAYOUT.
note "packing the root for a machine with AppArmor"
pack() {
    set -e
    local S=$OUT/root N
    rm -rf "$S" && cp -a "$R" "$S"
    rm -rf "$S/snap" && mkdir "$S/snap"
    for N in core22 hello other; do # squashfs is a module; the files will do
        mkdir "$S/snap/$N" && cp -a "$HR/snap/$N/1" "$S/snap/$N/1" && ln -s 1 "$S/snap/$N/current"
    done
    mv "$S/usr/lib/snapd/snap-update-ns" "$S/usr/lib/snapd/snap-update-ns.real"
    gcc -O1 -static -o "$S/usr/lib/snapd/snap-update-ns" "$TRANSITIONS/recorder.c"
    mkdir -p "$S/parser" "$S/etc/apparmor.d" "$S/etc/apparmor" "$S/var/lib/snapd/apparmor/snap-confine"
    cp -a "$PARSER/etc/apparmor.d/." "$S/etc/apparmor.d/"
    cp -L "$PARSER/usr/sbin/apparmor_parser" "$PARSER"/usr/lib/*-linux-gnu/libc.so.6 "$S/parser/"
    cp -L "$PARSER"/usr/lib/*-linux-gnu/ld-linux-x86-64.so.2 "$S/parser/loader"
    cp "$DEB_ROOT/etc/apparmor.d/usr.lib.snapd.snap-confine.real" "$S/etc/apparmor.d/"
    for N in mv chmod chown cp dmesg reboot setpriv su; do [ -e "$S/bin/$N" ] || ln -s busybox "$S/bin/$N"; done
    for N in snap-update-ns.hello snap.hello.sh; do # which profile is in force is seen, not what it allows
        printf 'profile %s flags=(attach_disconnected,mediate_deleted) {\n%s\n}\n' "$N" \
            ' capability, file, mount, umount, remount, pivot_root, signal, ptrace, unix, network,' >"$S/parser/$N"
    done
    cp "$STOCK" "$S/parser/stock"
    cp "$LAYOUT" "$S/layout"
    cp "$TRANSITIONS/guest.sh" "$S/guest.sh"
    tar -C "$S" --numeric-owner -cf "$OUT/root.tar" .
    cp -L "$S/usr/bin/busybox" "$OUT/busybox"
    rm -rf "$S"
}
if (pack) >>"$LOG" 2>&1; then pass "packed"; else fail "packed"; tail -5 "$LOG"; fi
