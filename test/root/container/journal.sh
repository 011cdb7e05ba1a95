# usage: unshare -mp --fork sh journal.sh TINYCTR IMAGE: runs containers under a journal of its own, on a /run of its own.
# Prints what the journal and `logs` say.
set -eu
tinyctr() { "$binary" --root "$root" --data-root "$data" "$@"; }
binary=$1 root=$2 data=$3 image=$4
mount --make-rprivate /
mount -t tmpfs none /run
mkdir -p /run/systemd/journal /run/log/journal
[ ! -d /var/log/journal ] || mount -t tmpfs none /var/log/journal

echo "== no journal"
tinyctr run -d --log-driver journald "$image" true 2>&1 || echo "exit $?"

journald=/lib/systemd/systemd-journald
"$journald" &
journal=$!
trap 'kill $journal; wait $journal || :' EXIT
tries=0
while [ ! -S /run/systemd/journal/socket ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done

script='echo out; echo err >&2; printf "%s\n" "$X"; head -c 20000 /dev/zero | tr "\0" y; echo; printf end'
tinyctr run -d --name told --log-driver journald --log-opt tag='{{.Name}}/{{.ImageName}}' --log-opt labels=team \
  --log-opt env=X -l team=a -l other=b -e X='q"<&>' "$image" sh -c "$script" >/dev/null
tinyctr wait told
tinyctr run --rm --log-driver journald --name foreground "$image" echo seen
journalctl --sync
echo "== fields"
journalctl CONTAINER_NAME=told -o json --output-fields=MESSAGE,PRIORITY,CONTAINER_ID,CONTAINER_ID_FULL,CONTAINER_TAG,SYSLOG_IDENTIFIER,IMAGE_NAME,TEAM,OTHER,X -n 5 | head -1
tinyctr inspect -f '{{.Id}} {{.HostConfig.LogConfig.Type}}' told
echo "== foreground"
journalctl CONTAINER_NAME=foreground -o cat
echo "== logs"
tinyctr logs told 2>/dev/null | cut -c 1-30
echo "== stderr"
tinyctr logs told 2>&1 >/dev/null
echo "== whole"
tinyctr logs told | wc -c
echo "== follow"
tinyctr run -d --name slow --log-driver journald "$image" sh -c 'for i in 1 2 3; do echo $i; sleep 0.2; done' >/dev/null
tinyctr logs -f slow
echo "== tail"
tinyctr logs --tail 1 slow
tinyctr rm told slow >/dev/null
