#!/usr/bin/env bash
# Start a private Slurm with accounting, one node, on loopback; needs root, no systemd, no cgroups.
# Nothing outside SANDBOX is touched. Needs slurm-wlm, munge, slurmdbd and mariadb-server.
#
#   tests/helpers/slurm/start.sh SANDBOX PORT CPUS    # ports PORT to PORT + 2; CPUs the node says it has
#   SLURM_CONF=SANDBOX/slurm.conf srun hostname
#   tests/helpers/slurm/stop.sh SANDBOX
set -euo pipefail
sandbox=$1 port=$2 cpus=$3
here=$(cd "$(dirname "$0")" && pwd)
host=$(hostname -s)
memory=$(awk '/^MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
munge=$sandbox/run/munge.socket db=$sandbox/run/db.socket  # at most 107 characters
export SLURM_CONF=$sandbox/slurm.conf

mkdir -m 0755 "$sandbox" "$sandbox"/{log,ctld,spool,run}
mkdir -m 0700 "$sandbox/munge"
: > "$sandbox/pids"
failed() {
    tail -n 15 "$sandbox"/log/*.log >&2 || true
    "$here/stop.sh" "$sandbox" >&2
}
trap failed ERR

wait_for() { # SECONDS COMMAND...: until it succeeds
    local end=$((SECONDS + $1))
    shift
    until "$@" > /dev/null 2>&1; do
        [ $SECONDS -lt $end ] || { echo "timed out: $*" >&2; return 1; }
        sleep 0.05
    done
}
record() { # NAME PIDFILE: for stop.sh
    wait_for 15 test -s "$2"
    echo "$1 $(cat "$2")" >> "$sandbox/pids"
}

echo "CgroupPlugin=disabled" > "$sandbox/cgroup.conf"
cat > "$sandbox/slurm.conf" <<EOF
ClusterName=sandbox
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
# a job that is queued again waits for this to expire
AuthInfo=socket=$munge,cred_expire=10
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=$sandbox/ctld
SlurmdSpoolDir=$sandbox/spool
SlurmctldPidFile=$sandbox/run/slurmctld.pid
SlurmdPidFile=$sandbox/run/slurmd.pid
SlurmctldLogFile=$sandbox/log/slurmctld.log
SlurmdLogFile=$sandbox/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
# more CPUs than there are
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
JobRequeue=1
KillWait=5
SlurmctldTimeout=30
SlurmdTimeout=60
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((port + 1))
AccountingStoragePass=$munge
NodeName=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=INFINITE State=UP
EOF
cat > "$sandbox/slurmdbd.conf" <<EOF
DbdHost=$host
DbdAddr=127.0.0.1
DbdPort=$((port + 1))
CommunicationParameters=NoInAddrAny
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$munge
LogFile=$sandbox/log/slurmdbd.log
PidFile=$sandbox/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm_acct_db
EOF
chmod 0600 "$sandbox/slurmdbd.conf"

head -c 128 /dev/urandom > "$sandbox/munge/key"
chmod 0400 "$sandbox/munge/key"
munged --key-file="$sandbox/munge/key" --socket="$munge" --seed-file="$sandbox/munge/seed" \
    --pid-file="$sandbox/munge/munged.pid" --log-file="$sandbox/munge/munged.log" \
    2>> "$sandbox/log/start.log"
record munged "$sandbox/munge/munged.pid"
wait_for 10 test -S "$munge"

mariadb-install-db --no-defaults --datadir="$sandbox/db" --user=root --skip-test-db \
    --auth-root-authentication-method=socket >> "$sandbox/log/start.log" 2>&1
mariadbd --no-defaults --datadir="$sandbox/db" --user=root --socket="$db" --skip-networking \
    --pid-file="$sandbox/run/mariadbd.pid" --innodb-lock-wait-timeout=900 \
    --log-error="$sandbox/log/mariadbd.log" < /dev/null > /dev/null 2>&1 &
record mariadbd "$sandbox/run/mariadbd.pid"
wait_for 30 mariadb-admin --no-defaults --socket="$db" ping
# slurmdbd does not survive to find that there is no database
mariadb --no-defaults --socket="$db" -e 'CREATE DATABASE slurm_acct_db'
MYSQL_UNIX_PORT=$db SLURM_CONF=$sandbox/slurmdbd.conf slurmdbd
record slurmdbd "$sandbox/run/slurmdbd.pid"
wait_for 30 sacctmgr -n list cluster
sacctmgr -i add cluster sandbox > /dev/null

slurmctld
record slurmctld "$sandbox/run/slurmctld.pid"
slurmd 2>> "$sandbox/log/start.log"
record slurmd "$sandbox/run/slurmd.pid"
is_up() { sinfo -h -o '%t' | grep -qE '^(idle|mix|alloc)$'; }
wait_for 30 is_up
