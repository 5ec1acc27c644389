/** The machine types that a QEMU program knows. */
import { execa } from 'execa';

const DEADLINE_MS = 5000;

/** @returns undefined when it does not tell */
export async function machineTypes(qemuPath: string): Promise<ReadonlySet<string> | undefined> {
  const { stdout, failed } = await execa(qemuPath, ['-machine', 'help'], {
    reject: false,
    stdin: 'ignore',
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
    forceKillAfterDelay: false,
  });
  if (failed) return undefined;
  // The first line is a title; `pc  Standard PC (i440FX…) (alias of pc-i440fx-7.2)`.
  const lines = stdout.split('\n').slice(1);
  return new Set(lines.map((line) => line.split(/\s/)[0] ?? '').filter((name) => name !== ''));
}
