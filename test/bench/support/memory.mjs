import { readFileSync, writeFileSync } from 'node:fs';
import { childrenOf } from './cpu-time.mjs';

/** Bytes of a process's memory that are resident, its children's included. */
export function residentBytes(pid) {
  return childrenOf(pid).reduce((sum, child) => sum + residentBytes(child), statusBytes(pid, 'VmRSS'));
}

/** The most that was resident since `resetPeak`, of this process alone. */
export function peakBytes(pid) {
  return statusBytes(pid, 'VmHWM');
}

export function resetPeak(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function statusBytes(pid, name) {
  const kib = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib ?? 0) * 1024;
}
