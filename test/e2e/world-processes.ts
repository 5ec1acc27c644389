/** Processes of this host by what they run. */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Those that run this program and have all these texts in their command line. An empty name stands for all programs; of a name
 * the kernel keeps 15 characters.
 */
export function processesOf(program: string, ...texts: readonly string[]): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    if (program !== '' && read(`/proc/${name}/comm`) !== `${program}\n`) return [];
    const line = read(`/proc/${name}/cmdline`);
    return texts.every((text) => line.includes(text)) ? [Number(name)] : [];
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
