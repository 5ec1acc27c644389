/** The kernel's OOM killer at work on a real QEMU in a small memory cgroup; skipped where none can be made. */
import { accessSync, constants } from 'node:fs';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { ProcessIdentity } from '../../src/core/model/evidence.ts';
import type { InstancePaths } from '../../src/core/paths.ts';
import { collectEvidence } from '../../src/qemu/evidence.ts';
import { signalProcess } from '../../src/qemu/kill-tree.ts';
import { recordOomBaseline } from '../../src/qemu/oom.ts';
import { instanceDir } from '../support/instance-dir.ts';
import { type MemoryCgroup, memoryCgroup } from '../support/memory-cgroup.ts';
import { awaitExit, dial, launchTiny } from '../support/tiny-guest.ts';

const LIMIT_BYTES = 64 * 1024 * 1024;
const NO_CGROUP = 'no memory cgroup can be made here';

async function launchIn(cgroup: MemoryCgroup, paths: InstancePaths): Promise<ProcessIdentity> {
  const identity = await launchTiny(paths, 'idle');
  cgroup.add(identity.pid);
  await recordOomBaseline(paths, identity.pid);
  return identity;
}

test('a QEMU that the OOM killer took is proved to be its victim, by the log and by the counter', async ({
  skip,
}) => {
  using cgroup = memoryCgroup(LIMIT_BYTES);
  if (cgroup === undefined) return skip(NO_CGROUP);
  await using dir = await instanceDir();
  const identity = await launchIn(cgroup, dir.paths);
  await using session = await dial(dir.paths, identity);
  await session.client.execute('cont');
  const memory = {
    'qom-type': 'memory-backend-ram',
    id: 'm',
    size: 4 * LIMIT_BYTES,
    prealloc: true,
  };
  await expect(
    session.client.execute('object-add', memory, { timeoutMs: 30_000 }),
  ).rejects.toMatchObject({ name: 'QmpClosedError' });
  await awaitExit(dir.paths, identity);
  const byCounter = await collectEvidence(dir.paths, { kernelLog: '/nonexistent' });
  expect(byCounter).toMatchObject({
    alive: false,
    exit: { kind: 'signaled', signal: 9 },
    oomProof: expect.stringMatching(/oom_kill rose from 0 to 1 since the launch$/),
  });
  if (!canReadKernelLog()) return;
  const byLog = await collectEvidence(dir.paths);
  expect(byLog.oomProof).toContain(`Killed process ${identity.pid} (qemu-system`);
  expect(byLog.events.map((event) => event.event)).toEqual(['RESUME']);
});

test('a QEMU that was killed otherwise is not taken for its neighbour that ran out of memory', async ({
  skip,
}) => {
  using cgroup = memoryCgroup(LIMIT_BYTES);
  if (cgroup === undefined) return skip(NO_CGROUP);
  if (!canReadKernelLog()) return skip('the kernel log cannot be read here');
  await using dir = await instanceDir();
  const identity = await launchIn(cgroup, dir.paths);
  const neighbour = execa('tail', ['/dev/zero'], { reject: false, buffer: false });
  // The larger of the two is the victim.
  if (neighbour.pid === undefined) throw new Error('tail cannot be started');
  cgroup.add(neighbour.pid);
  expect((await neighbour).signal).toBe('SIGKILL');
  signalProcess(identity, 'SIGKILL');
  await awaitExit(dir.paths, identity);
  expect((await collectEvidence(dir.paths, { kernelLog: '/nonexistent' })).oomProof).toMatch(
    /rose/,
  );
  const evidence = await collectEvidence(dir.paths);
  expect(evidence).toMatchObject({ exit: { kind: 'signaled', signal: 9 } });
  expect(evidence.oomProof).toBeUndefined();
});

function canReadKernelLog(): boolean {
  try {
    accessSync('/dev/kmsg', constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
