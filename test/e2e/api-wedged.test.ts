/** A QEMU that no longer answers harms itself alone. */
import { expect, test } from 'vitest';
import { instancePaths } from '../../src/core/paths.ts';
import { QmpClient } from '../../src/qemu/qmp-client.ts';
import { World } from './daemon-harness.ts';
import { bringUp, condition } from './waiting.ts';

test.concurrent('a wedged QEMU: reads go on, commands to it are refused in time, and it recovers', async () => {
  await using world = await World.start();
  const [uid] = await Promise.all([bringUp(world, 'wedged'), bringUp(world, 'well')]);
  const { pid } = (await world.vm('wedged')).status.instance ?? {};
  if (pid === undefined) throw new Error('the guest has no QEMU');
  process.kill(pid, 'SIGSTOP');

  const refused = world.instance('wedged', 'pause');
  expect((await world.vm('wedged')).status.printableStatus).toBe('Running');
  expect((await world.instance('well', 'pause')).code).toBe(200);
  expect((await world.instance('well', 'unpause')).code).toBe(200);
  expect((await world.command('well', 'restart')).code).toBe(202);
  expect(await refused).toMatchObject({
    code: 503,
    body: { reason: 'ServiceUnavailable', message: expect.stringContaining('did not answer') },
  });

  const hung = await world.until(
    'wedged',
    'is known to hang',
    (v) => condition(v, 'MonitorUnresponsive') !== undefined,
  );
  expect(hung?.status.instance?.uid).toBe(uid);
  // From now on nobody has to wait to hear it.
  expect((await world.instance('wedged', 'reset')).body.message).toContain('does not answer');

  await world.endDaemon('SIGKILL');
  await world.startDaemon();
  await world.until(
    'wedged',
    'is known to hang to the next daemon',
    (v) => condition(v, 'MonitorUnresponsive') !== undefined,
  );
  expect((await world.untilStatus('well', 'Running')).status.problems).toBeUndefined();

  process.kill(pid, 'SIGCONT');
  const recovered = await world.until(
    'wedged',
    'answers again',
    (v) => v !== undefined && condition(v, 'MonitorUnresponsive') === undefined,
  );
  // The pause that was refused has not been carried out behind everybody's back.
  expect(recovered?.status).toMatchObject({ printableStatus: 'Running', instance: { uid } });
  expect((await world.command('wedged', 'stop')).code).toBe(202);
  expect((await world.untilRuns('wedged', 1)).verdict.reason).toBe('StoppedByCommand');
});

test.concurrent('a wedged QEMU is taken up again by the same daemon, or stopped by force', async () => {
  await using world = await World.start();
  const uid = await bringUp(world, 'wedged');
  const { pid } = (await world.vm('wedged')).status.instance ?? {};
  if (pid === undefined) throw new Error('the guest has no QEMU');
  process.kill(pid, 'SIGSTOP');
  expect((await world.instance('wedged', 'pause')).code).toBe(503);
  process.kill(pid, 'SIGCONT');
  const recovered = await world.until(
    'wedged',
    'answers again',
    (v) => v !== undefined && condition(v, 'MonitorUnresponsive') === undefined,
  );
  expect(recovered?.status).toMatchObject({ printableStatus: 'Running', instance: { uid } });
  expect((await world.instance('wedged', 'pause')).code).toBe(200);

  process.kill(pid, 'SIGSTOP');
  expect((await world.command('wedged', 'stop', { gracePeriod: 0 })).code).toBe(202);
  const run = await world.untilRuns('wedged', 1);
  expect(run.verdict).toMatchObject({ outcome: 'Succeeded', reason: 'ForcedOff' });
  expect((await world.vm('wedged')).status.printableStatus).toBe('Stopped');
});

test.concurrent('a pause that was refused and took effect later is taken back, by the next daemon too', async () => {
  await using world = await World.start();
  const uid = await bringUp(world, 'late');
  const { pid } = (await world.vm('late')).status.instance ?? {};
  if (pid === undefined) throw new Error('the guest has no QEMU');
  process.kill(pid, 'SIGSTOP');
  expect((await world.instance('late', 'pause')).code).toBe(503);
  await world.endDaemon('SIGKILL');

  // QEMU reads what lies in its socket before it notices that nobody waits for the answer: so it does in one case of ten.
  process.kill(pid, 'SIGCONT');
  await pauseByHand(world, uid);
  await world.startDaemon();
  const seen = await world.until(
    'late',
    'is connected',
    (v) => v !== undefined && v.status.instance?.runState !== undefined,
  );
  expect(seen?.status).toMatchObject({ printableStatus: 'Running', instance: { uid } });
});

test.concurrent('a pause by somebody else is left alone', async () => {
  await using world = await World.start();
  const uid = await bringUp(world, 'theirs');
  await world.endDaemon('SIGKILL');
  await pauseByHand(world, uid);
  await world.startDaemon();
  await world.untilStatus('theirs', 'Paused');
  expect((await world.instance('theirs', 'unpause')).code).toBe(200);
  await world.untilStatus('theirs', 'Running');
});

/** Over the monitor for people. */
async function pauseByHand(world: World, uid: string): Promise<void> {
  const { controlSocket } = instancePaths(world.state, world.runtime, uid);
  const options = { onEvent: () => {}, onClose: () => {} };
  await using monitor = await QmpClient.connect(controlSocket, options);
  await monitor.execute('stop');
}
