/** Stops of several VMs at once: who waits for whom, and what a shutdown of the host means without a daemon. */
import { describe, expect, test } from 'vitest';
import { type HandOver, intents, startedGuest } from './hand-over.ts';
import { Machine, whyNoMachine } from './machine.ts';

const reason = whyNoMachine();

/** Stand for what brings up network and file systems of a host. */
const STAND_INS = ['network-of-test.service', 'storage-of-test.service'];

function standIn(target: string): string {
  return `[Unit]
Wants=${target}
Before=${target}
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
`;
}

describe.skipIf(reason !== undefined)(`stops of several VMs${reason ? ` (${reason})` : ''}`, () => {
  /** Unix time in microseconds of a guest's end, by QEMU's own clock. */
  const endOf = (machine: Machine, vm: HandOver): number => {
    const line = /^.*"SHUTDOWN".*$/m.exec(machine.read(`${vm.evidence}/events.jsonl`))?.[0] ?? '{}';
    const { timestamp } = JSON.parse(line) as {
      timestamp?: { seconds: number; microseconds: number };
    };
    return timestamp === undefined ? Number.NaN : timestamp.seconds * 1e6 + timestamp.microseconds;
  };

  test('a VM ends after those that were started after it', async () => {
    await using machine = await Machine.booted();
    const db = await startedGuest(machine, 'db', { dependents: ['app'] });
    const app = await startedGuest(machine, 'app', { dependents: ['web'] });
    const web = await startedGuest(machine, 'web', { guest: 'ignore', graceSeconds: 1 });
    await machine.get('systemctl', 'stop', 'solovirt-vms.slice');
    expect(endOf(machine, web)).toBeLessThan(endOf(machine, app));
    expect(endOf(machine, app)).toBeLessThan(endOf(machine, db));
    expect(await machine.journal('-u', db.unit, '-o', 'cat')).toContain(
      'db: waits for app to stop first',
    );
  });

  test('a VM that is stopped alone waits for nobody', async () => {
    await using machine = await Machine.booted();
    const db = await startedGuest(machine, 'db', { dependents: ['app', 'gone'] });
    const app = await startedGuest(machine, 'app');
    await machine.get('systemctl', 'stop', db.unit);
    expect(machine.read(`${db.evidence}/exit`)).toBe('exited 0\n');
    expect(await machine.property(app.unit, 'ActiveState')).toBe('active');
  });

  test('at a shutdown all guests power off at once, each within its grace period, before the network goes', async () => {
    await using machine = await Machine.booted((off) => {
      off.write('/etc/systemd/system/network-of-test.service', standIn('network.target'));
      off.write('/etc/systemd/system/storage-of-test.service', standIn('remote-fs.target'));
    });
    await machine.get('systemctl', 'start', ...STAND_INS);
    const obey = await startedGuest(machine, 'obey');
    const slow = await startedGuest(machine, 'slow', { guest: 'slow' });
    const deaf = await startedGuest(machine, 'deaf', { guest: 'ignore', graceSeconds: 2 });
    await machine.poweroff();
    const console = (vm: HandOver) => machine.read(`${vm.evidence}/console.log`);
    expect([console(obey), console(slow)]).toEqual(['UP\r\nDOWN\r\n', 'UP\r\nDOWN\r\n']);
    expect(console(deaf)).toContain('IGNORED');
    expect(machine.read(`${deaf.evidence}/events.jsonl`)).toContain('host-qmp-quit');
    for (const vm of [obey, slow, deaf]) {
      expect(machine.read(`${vm.evidence}/exit`)).toBe('exited 0\n');
      expect(intents(machine, vm)[0]).toMatchObject({ action: 'host-shutdown', initiator: 'host' });
    }
    // The quick one did not wait for the slow one.
    expect(endOf(machine, obey)).toBeLessThan(endOf(machine, slow));
    const journal = await machine.journal('-o', 'cat');
    for (const { unit } of [obey, slow, deaf])
      for (const stage of STAND_INS)
        expect(journal.indexOf(`Stopped ${unit}`)).toBeLessThan(
          journal.indexOf(`Stopped ${stage}`),
        );
    expect(journal).toContain(`Stopped ${obey.unit}`);
  });

  test('what a VM is waiting for shows in the status of its unit', async () => {
    await using machine = await Machine.booted();
    const db = await startedGuest(machine, 'db', { dependents: ['app'] });
    const app = await startedGuest(machine, 'app', { guest: 'ignore', graceSeconds: 3 });
    await machine.get('systemctl', 'stop', '--no-block', 'solovirt-vms.slice');
    const status = (unit: string) => machine.property(unit, 'StatusText');
    await machine.until(
      'the first waits',
      async () => (await status(db.unit)) === 'Waiting for app to stop first',
    );
    await machine.until('the second asks', async () =>
      /^Waiting for the guest to power off, \d s left$/.test(await status(app.unit)),
    );
  });
});
