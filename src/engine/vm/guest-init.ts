/**
 * The first process of a machine, in the shell of a static busybox. It mounts what a Linux system has, runs /boot/job
 * and turns the machine off. /lower is read-only; what is written goes to a tmpfs.
 */
export const GUEST_INIT = `#!/boot/busybox sh
b=/boot/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
$b mkdir -p /dev/pts /dev/shm /dev/mqueue
$b mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts /dev/pts
$b ln -sf pts/ptmx /dev/ptmx
$b mount -t tmpfs -o mode=1777 tmpfs /dev/shm
$b mount -t mqueue mqueue /dev/mqueue
for link in fd stdin:0 stdout:1 stderr:2; do
  case $link in fd) $b ln -sf /proc/self/fd /dev/fd ;; *) $b ln -sf fd/\${link#*:} /dev/\${link%:*} ;; esac
done
$b mount -t tmpfs -o mode=755 tmpfs /run
$b mount -t tmpfs -o mode=1777 tmpfs /tmp
$b mount -t tmpfs -o mode=755 tmpfs /writable
# 'insmod: File exists' is what a module says that is loaded already.
for module in fs/overlayfs/overlay drivers/block/loop; do
  $b insmod /modules/kernel/$module.ko 2>/dev/null
done
$b mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
for controller in cpu io memory pids; do
  echo +$controller >/sys/fs/cgroup/cgroup.subtree_control
done 2>/dev/null
$b mount --make-rshared /
$b ifconfig lo 127.0.0.1 up
$b hostname vm
. /boot/job
$b poweroff -f
`
