/**
 * The daemon before its guests when processors are short. Without a service manager the kernel deals them out among sessions
 * (sched(7), "The autogroup feature"), and each guest has one of its own: with 50 that start at once, whoever stops or lists
 * them waits for a daemon that has its turn one time in 51.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** Counts as ten sessions that are as they were made. */
const NICE = -10;

/**
 * For a daemon that leads its session, as one does that an init system started: in a terminal's session others would rise with
 * it. Takes the right to (root), and a kernel that does it so; else everything stays as it is.
 */
export function takePrecedence(): void {
  try {
    if (leadsItsSession()) writeFileSync('/proc/self/autogroup', String(NICE));
  } catch {
    // Not without that right, and not in a kernel without autogroups.
  }
}

/** Field 6 of /proc/self/stat, counted after the name in parentheses. */
function leadsItsSession(): boolean {
  const fields = readFileSync('/proc/self/stat', 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[3]) === process.pid;
}
