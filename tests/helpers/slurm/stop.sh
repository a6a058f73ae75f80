#!/usr/bin/env bash
# Stop what start.sh has started in SANDBOX: its jobs, the daemons recorded in SANDBOX/pids, each
# checked by name before it is signalled, and steps of jobs that outlive them.
set -u
sandbox=$1
export SLURM_CONF=$sandbox/slurm.conf

name_of() { cat "/proc/$1/comm" 2> /dev/null; }
jobs() { timeout 5 squeue -h 2> /dev/null; }
within() { # TENTHS COMMAND...: whether it fails by then
    for _ in $(seq "$1"); do
        "${@:2}" || return 0
        sleep 0.1
    done
    return 1
}
any_job() { [ -n "$(jobs)" ]; }
lasts() { [ "$(name_of "$2")" = "$1" ]; }

if any_job; then
    timeout 10 scancel --me 2> /dev/null
    within 100 any_job
fi
tac "$sandbox/pids" | while read -r name pid; do
    lasts "$name" "$pid" && kill "$pid"
    within 100 lasts "$name" "$pid" || kill -9 "$pid"
done
for environ in /proc/[0-9]*/environ; do
    pid=$(basename "$(dirname "$environ")")
    lasts slurmstepd "$pid" && tr '\0' '\n' 2> /dev/null < "$environ" \
        | grep -qx "SLURM_CONF=$SLURM_CONF" && kill -9 "$pid"
done
true
