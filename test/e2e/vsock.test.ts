/** Sockets between host and guest, as far as the host has what they need. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';

const EXAMPLE = readFileSync(new URL('../../vms/vsock.yaml', import.meta.url), 'utf8');
const HAS_DEVICE = existsSync('/dev/vhost-vsock');

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function addressOf(name: string): Promise<number | undefined> {
  const path = `/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances/${name}`;
  return (await world.api('GET', path)).body.status.VSOCKCID;
}

test.runIf(HAS_DEVICE)(
  'the example has an address, which its status tells, over a restart of the daemon too',
  async () => {
    world.write('vsock', EXAMPLE);
    await world.untilStatus('vsock', 'Stopped');
    await world.command('vsock', 'start');
    await world.untilStatus('vsock', 'Running');
    const address = await addressOf('vsock');
    expect(address).toBeGreaterThanOrEqual(3);
    await world.endDaemon('SIGKILL');
    await world.startDaemon();
    await world.untilStatus('vsock', 'Running');
    expect(await addressOf('vsock')).toBe(address);
  },
);

test.skipIf(HAS_DEVICE)(
  'where the host lacks the device, a start of the example says so',
  async () => {
    world.write('vsock', EXAMPLE);
    await world.untilStatus('vsock', 'Stopped');
    await world.command('vsock', 'start');
    const { verdict } = await world.untilRuns('vsock', 1);
    expect(verdict.reason).toBe('LaunchFailed');
    expect(verdict.message).toContain('this host has no /dev/vhost-vsock: load the kernel module');
  },
);
