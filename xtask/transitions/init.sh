#!/bin/busybox sh
# The first process of the machine: to a root that pivot_root(2) can leave.
B=/bin/busybox
$B mkdir -p /new
$B mount -t tmpfs -o mode=755 tmpfs /new
$B tar -xpf /root.tar -C /new
exec $B switch_root /new /bin/busybox sh /guest.sh
