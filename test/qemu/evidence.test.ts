/**
 * What real QEMUs leave behind, one row per way to end. The evidence is collected afterwards from the directory
 * alone, as a daemon does that was not there.
 */
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { Evidence, ProcessIdentity } from '../../src/core/model/evidence.ts';
import type { InstancePaths } from '../../src/core/paths.ts';
import { collectEvidence } from '../../src/qemu/evidence.ts';
import { killTree, signalProcess } from '../../src/qemu/kill-tree.ts';
import { readIdentity, readProcessFile } from '../../src/qemu/process-identity.ts';
import { QmpClosedError } from '../../src/qemu/qmp-error.ts';
import { spawnQemu } from '../../src/qemu/spawn.ts';
import { instanceDir } from '../support/instance-dir.ts';
import type { GUESTS } from '../support/tiny-bios.ts';
import { awaitExit, dial, launchTiny, QEMU, tinyArgs } from '../support/tiny-guest.ts';

interface Row {
  readonly name: string;
  readonly guest: keyof typeof GUESTS;
  /** What is done to it once it runs. */
  readonly act?: (identity: ProcessIdentity, paths: InstancePaths) => Promise<unknown> | unknown;
  readonly exit: Evidence['exit'];
  readonly events: readonly (string | readonly [string, object])[];
  readonly stderr?: RegExp;
}

const exited = (code: number) => ({ kind: 'exited', code }) as const;
const signaled = (signal: number) => ({ kind: 'signaled', signal }) as const;
const shutdown = (guest: boolean, reason: string) => ['SHUTDOWN', { guest, reason }] as const;
const RUN = 'RESUME';

const ROWS: readonly Row[] = [
  {
    name: 'the guest powers off',
    guest: 'powerOff',
    exit: exited(0),
    events: [RUN, shutdown(true, 'guest-shutdown')],
  },
  {
    name: 'the guest resets under reboot=shutdown',
    guest: 'reset',
    exit: exited(0),
    events: [RUN, shutdown(true, 'guest-reset')],
  },
  {
    name: 'the guest’s processor gives up',
    guest: 'tripleFault',
    exit: exited(0),
    events: [RUN, shutdown(true, 'guest-reset')],
  },
  {
    name: 'the guest panics',
    guest: 'panic',
    exit: exited(1),
    events: [RUN, ['GUEST_PANICKED', { action: 'poweroff' }], shutdown(true, 'guest-panic')],
  },
  { name: 'QEMU exits without a word', guest: 'debugExit', exit: exited(11), events: [RUN] },
  {
    name: 'QMP quit',
    guest: 'idle',
    act: async (identity, paths) => {
      await using session = await dial(paths, identity);
      await session.client.execute('quit').catch((error: unknown) => {
        expect(error).toBeInstanceOf(QmpClosedError);
      });
    },
    exit: exited(0),
    events: [RUN, shutdown(false, 'host-qmp-quit')],
  },
  {
    name: 'SIGTERM',
    guest: 'idle',
    act: (identity) => signalProcess(identity, 'SIGTERM'),
    exit: exited(0),
    events: [RUN, shutdown(false, 'host-signal')],
    stderr: /^\d{4}-\d\d-\d\dT[\d:.]+Z .*terminating on signal 15 from pid \d+/,
  },
  {
    name: 'SIGKILL',
    guest: 'idle',
    act: (identity) => killTree(identity, 'SIGKILL'),
    exit: signaled(9),
    events: [RUN],
  },
  {
    name: 'SIGSEGV',
    guest: 'idle',
    act: (identity) => signalProcess(identity, 'SIGSEGV'),
    exit: signaled(11),
    events: [RUN],
  },
  {
    name: 'SIGSYS',
    guest: 'idle',
    act: (identity) => signalProcess(identity, 'SIGSYS'),
    exit: signaled(31),
    events: [RUN],
  },
  {
    name: 'the parent is killed, then the guest is terminated',
    guest: 'idle',
    act: (identity, paths) => {
      killShim(paths);
      signalProcess(identity, 'SIGTERM');
    },
    exit: undefined,
    events: [RUN, shutdown(false, 'host-signal')],
    stderr: /terminating on signal 15/,
  },
  {
    name: 'the parent is killed, then QEMU',
    guest: 'idle',
    act: (identity, paths) => {
      killShim(paths);
      signalProcess(identity, 'SIGKILL');
    },
    exit: undefined,
    events: [RUN],
  },
];

function killShim(paths: InstancePaths): void {
  const parent = readIdentity(readProcessFile(paths.process)?.keeperPid ?? 0);
  if (parent === undefined) throw new Error('the parent is gone already');
  signalProcess(parent, 'SIGKILL');
}

test.for(ROWS)('$name', async ({ guest, act, exit, events, stderr }) => {
  await using dir = await instanceDir();
  const { paths } = dir;
  const identity = await launchTiny(paths, guest);
  {
    await using session = await dial(paths, identity);
    expect(await collectEvidence(paths)).toMatchObject({ alive: true, sameBoot: true, events: [] });
    // The answer to `cont` may be lost when the guest ends at once.
    await session.client.execute('cont').catch(() => {});
  }
  await act?.(identity, paths);
  await awaitExit(paths, identity);
  const evidence = await collectEvidence(paths);
  expect(evidence).toMatchObject({ alive: false, sameBoot: true, consoleTail: '' });
  expect(evidence.exit).toEqual(exit);
  expect(evidence.oomProof).toBeUndefined();
  expect(evidence.stderrTail).toMatch(stderr ?? /^$/);
  expect(evidence.events.map((event) => [event.event, event.data])).toEqual(
    events.map((event) =>
      typeof event === 'string' ? [event, {}] : [event[0], expect.objectContaining(event[1])],
    ),
  );
});

const REFUSED: readonly {
  name: string;
  args: readonly string[];
  qemu?: string;
  code: number;
  words: RegExp;
}[] = [
  { name: 'an unknown option', args: ['-nonsense'], code: 1, words: /-nonsense: invalid option/ },
  {
    name: 'a missing disk',
    args: ['-blockdev', '{"driver":"file","node-name":"d","filename":"/nonexistent/disk"}'],
    code: 1,
    words: /Could not open '\/nonexistent\/disk': No such file or directory/,
  },
  {
    name: 'a missing QEMU',
    args: [],
    qemu: '/nonexistent/qemu',
    code: 127,
    words: /\/nonexistent\/qemu.*No such file or directory/,
  },
];

test.for(REFUSED)(
  'a launch with $name ends with its reason',
  async ({ args, qemu, code, words }) => {
    await using dir = await instanceDir();
    const { paths } = dir;
    const identity = await spawnQemu({
      paths,
      qemuPath: qemu ?? QEMU,
      args: [...tinyArgs(paths), ...args],
    });
    expect(await awaitExit(paths, identity)).toEqual(exited(code));
    expect(await collectEvidence(paths)).toMatchObject({
      alive: false,
      exit: exited(code),
      events: [],
      stderrTail: expect.stringMatching(words),
    });
  },
);

test('a daemon that is killed takes neither QEMU nor its evidence along', async () => {
  await using dir = await instanceDir();
  const { paths } = dir;
  const daemon = `
    import { dial, launchTiny } from ${JSON.stringify(import.meta.resolve('../support/tiny-guest.ts'))};
    const paths = ${JSON.stringify(paths)};
    const session = await dial(paths, await launchTiny(paths, 'idle'));
    await session.client.execute('cont');
    process.kill(process.pid, 'SIGKILL');`;
  const run = await execa(process.execPath, ['--input-type=module', '--eval', daemon], {
    reject: false,
    timeout: 30_000,
  });
  expect(run).toMatchObject({ signal: 'SIGKILL', timedOut: false });
  const running = await collectEvidence(paths);
  expect(running).toMatchObject({ alive: true, sameBoot: true });
  expect(running.events.map((event) => event.event)).toEqual(['RESUME']);
  const identity = readProcessFile(paths.process)?.identity;
  if (identity === undefined) throw new Error('no process file');
  signalProcess(identity, 'SIGTERM');
  expect(await awaitExit(paths, identity)).toEqual(exited(0));
  const ended = await collectEvidence(paths);
  expect(ended).toMatchObject({ alive: false, exit: exited(0) });
  expect(ended.events.map((event) => event.event)).toEqual(['RESUME', 'SHUTDOWN']);
});
