/** A QEMU that no longer answers harms itself alone. */
import { expect, test } from 'vitest';
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
