/** Whether the kernel can hold QEMU to its files. */
import { execa } from 'execa';
import { programFile } from './program-files.ts';

const ANSWER_MS = 10_000;

/** A warning where it cannot, or where the wrapper that would ask for it does not run. */
export async function landlockTrouble(): Promise<string | undefined> {
  const confine = programFile('confine');
  const { stdout, failed, shortMessage } = await execa(confine, ['--abi'], {
    reject: false,
    stdin: 'ignore',
    timeout: ANSWER_MS,
    killSignal: 'SIGKILL',
  });
  if (failed) return `no guest can be started, for QEMU's wrapper does not run: ${shortMessage}`;
  if (Number(stdout) > 0) return undefined;
  return 'this kernel has no Landlock (or a filter forbids it): a QEMU that its guest has taken over could open whatever its user can';
}
