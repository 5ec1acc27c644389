/** The end of the host, well or badly, and its next boot: whether the daemon lives at that moment or not. */
import { describe, expect, test } from 'vitest';
import { DAEMON, Fleet } from './fleet.ts';
import { type Machine, whyNoMachine } from './machine.ts';

const reason = whyNoMachine();
const SUB = '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines';

/** What runs before the host ends, and whether it runs again afterwards. */
const FLEET = {
  always: { vm: { strategy: 'Always' }, runs: true, back: true },
  slow: { vm: { strategy: 'Always', guest: 'slow' }, runs: true, back: true },
  rerun: { vm: { strategy: 'RerunOnFailure' }, runs: true, back: true },
  manual: { vm: { strategy: 'Manual' }, runs: true, back: false },
  once: { vm: { strategy: 'Once' }, runs: true, back: false },
  'rerun-ended': { vm: { strategy: 'RerunOnFailure', guest: 'off' }, runs: false, back: false },
  halted: { vm: { strategy: 'Halted' }, runs: false, back: false },
} as const;
const ALL = Object.entries(FLEET).map(([name, fate]) => ({ name, ...fate }));
const RUNNING = ALL.filter(({ runs }) => runs);

async function fullFleet(): Promise<Fleet> {
  const vms = Object.fromEntries(ALL.map(({ name, vm }) => [name, vm]));
  const fleet = await Fleet.booted(vms, (off) => {
    // A dead daemon stays dead.
    off.write(`/etc/systemd/system/${DAEMON}.d/once.conf`, '[Service]\nRestart=no\n');
  });
  await fleet.untilStatus('manual', 'Stopped');
  await fleet.api('PUT', `${SUB}/manual/start`, {});
  await fleet.allRunning(...RUNNING.map(({ name }) => name));
  await fleet.machine.until(
    'the guest that ends by itself has ended',
    async () => (await fleet.vm('rerun-ended')).status.runHistory.length === 1,
  );
  // Only a guest that is up hears the power button.
  for (const { name } of RUNNING) {
    const evidence = await fleet.evidence(name);
    await fleet.machine.until(`${name} is up`, () =>
      fleet.machine.read(`${evidence}/console.log`).startsWith('UP'),
    );
  }
  return fleet;
}

async function evidenceOf(fleet: Fleet): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { name } of RUNNING) found.set(name, await fleet.evidence(name));
  return found;
}

/** After the next boot, once nothing changes any more. */
async function expectFates(fleet: Fleet, verdict: object): Promise<void> {
  for (const { name, runs, back } of ALL) {
    const status = back ? 'Running' : 'Stopped';
    const ends = name === 'halted' ? 0 : 1;
    const vm = await fleet.machine.until(`${name} has its verdict and is ${status}`, async () => {
      const found = await fleet.vm(name);
      const { printableStatus, runHistory } = found.status;
      return printableStatus === status && runHistory.length === ends ? found : undefined;
    });
    const [last] = vm.status.runHistory;
    if (runs) expect(last?.verdict, name).toMatchObject(verdict);
  }
  expect((await fleet.vm('rerun-ended')).status.runHistory[0]?.verdict.outcome).toBe('Succeeded');
  expect((await fleet.vm('always')).status.startFailure?.retryAfterTimestamp).toBeUndefined();
}

async function killDaemon(machine: Machine): Promise<void> {
  await machine.get('systemctl', 'kill', '--signal=SIGKILL', DAEMON);
  await machine.until(
    'the daemon is dead',
    async () => (await machine.property(DAEMON, 'ActiveState')) === 'failed',
  );
}

describe.skipIf(reason !== undefined)(`the host${reason ? ` (${reason})` : ''}`, () => {
  test.for([
    ['alive', async () => {}],
    ['dead', killDaemon],
  ] as const)(
    'shuts down with the daemon %s: guests power off, and the next boot has back what is to be back',
    async ([, beforehand]) => {
      await using fleet = await fullFleet();
      const { machine } = fleet;
      const evidence = await evidenceOf(fleet);
      await beforehand(machine);
      await machine.poweroff();
      for (const [name, dir] of evidence) {
        expect(machine.read(`${dir}/events.jsonl`), name).toContain('"reason": "guest-shutdown"');
        expect(machine.read(`${dir}/exit`), name).toBe('exited 0\n');
        expect(machine.read(`${dir}/intent`), name).toContain(
          '"action":"host-shutdown","initiator":"host"',
        );
      }
      await machine.boot();
      await expectFates(fleet, { outcome: 'Failed', reason: 'HostShutdown', initiator: 'host' });
    },
  );

  test('loses power: the guests are lost, and the next boot has back what is to be back', async () => {
    await using fleet = await fullFleet();
    await fleet.machine.losePower();
    await fleet.machine.boot();
    await expectFates(fleet, { outcome: 'Failed', reason: 'HostLost', initiator: 'host' });
  });
});
