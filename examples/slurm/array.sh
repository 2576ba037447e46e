#!/bin/sh
# SPDX-License-Identifier: MIT
#
# array.sh - run each line of a file under limits, as an array of Slurm jobs
#
# Usage: sbatch --array=1-N array.sh FILE [LIMIT...]
#
# N is the number of lines; LIMIT is an option of `ration run`. Each run adds its
# receipt to receipts/INDEX.jsonl; a line that has one isn't run again, so that the
# same command finishes what a dead node has left undone; one that was interrupted
# (scancel, preemption, a requeue), or that ration itself failed, is undone as well.
# How the runs ended: ration receipt receipts/*.jsonl
#
#SBATCH --cpus-per-task=1
#SBATCH --mem=150M
#SBATCH --output=/dev/null
#SBATCH --requeue

set -eu
mkdir -p receipts
journal=receipts/$SLURM_ARRAY_TASK_ID.jsonl
if [ -s "$journal" ]; then
	verdict=$(ration receipt --kv "$journal" 2>/dev/null | sed -n 's/^verdict=//p' | tail -n 1)
	case $verdict in '' | interrupted | internal) ;; *) exit 0 ;; esac
fi
line=$(sed -n "${SLURM_ARRAY_TASK_ID}p" "$1")
shift

# A limit that ends the run is a result, and not this job's failure.
srun ration run "$@" --journal "$journal" -- sh -c "$line" || true
[ -s "$journal" ]
