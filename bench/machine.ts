/** On what it was measured. */
import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

export function machine(): string {
  const model = cpus()[0]?.model ?? 'an unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  const versions = [
    `Linux ${release()}`,
    `Node ${process.versions.node}`,
    firstLine('qemu-system-x86_64', '--version'),
    firstLine('libvirtd', '--version'),
    firstLine('supervisord', '--version', 'supervisord '),
  ].filter((text) => text !== undefined);
  return `${cpus().length} processors (${model}), ${memory} GiB; TCG; ${versions.join('; ')}`;
}

function firstLine(program: string, flag: string, before = ''): string | undefined {
  try {
    const text = execFileSync(program, [flag], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return `${before}${text.split('\n')[0]}`;
  } catch {
    return undefined;
  }
}
