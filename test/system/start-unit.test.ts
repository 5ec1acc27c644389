/** Starting units over the system bus, as the daemon does. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUnit } from '../../src/qemu/start-unit.ts';
import { Machine, whyNoMachine } from './machine.ts';

const reason = whyNoMachine();
const BUS = '/run/dbus/system_bus_socket';

describe.skipIf(reason !== undefined)(`a start over the bus${reason ? ` (${reason})` : ''}`, () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await Machine.booted((off) => {
      const service = (name: string, text: string): void =>
        off.write(`/etc/systemd/system/${name}.service`, text);
      service('well', '[Service]\nExecStart=/bin/sleep infinity\n');
      service('badly', '[Service]\nType=oneshot\nExecStart=/bin/false\n');
      service(
        'leaning',
        '[Unit]\nRequires=badly.service\nAfter=badly.service\n[Service]\nExecStart=/bin/true\n',
      );
      service('slowly', '[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\n');
      service('many@', '[Service]\nType=oneshot\nExecStart=/bin/true\n');
    });
  });
  afterAll(() => machine[Symbol.asyncDispose]());

  const start = (unit: string): Promise<void> =>
    startUnit(unit, { timeoutMs: 30_000, bus: machine.path(BUS) });

  test('ends with the job, and once more where the unit runs already', async () => {
    await start('well.service');
    expect(await machine.property('well.service', 'ActiveState')).toBe('active');
    const pid = await machine.property('well.service', 'MainPID');
    await start('well.service');
    expect(await machine.property('well.service', 'MainPID')).toBe(pid);
  });

  test.for([
    ['badly.service', 'its job failed'],
    ['leaning.service', 'the job of a unit that it needs failed'],
    ['missing.service', 'Unit missing.service not found.'],
    ['no unit', 'Unit name no unit is not valid.'],
  ] as const)('of %s is told: %s', async ([unit, words]) => {
    await expect(start(unit)).rejects.toThrow(`${unit} could not be started: ${words}`);
  });

  test('that is called off meanwhile is told', async () => {
    const started = start('slowly.service');
    const canceled = expect(started).rejects.toThrow('its job was canceled');
    await machine.until('it is being started', async () => {
      return (await machine.property('slowly.service', 'ActiveState')) === 'activating';
    });
    await machine.get('systemctl', 'stop', 'slowly.service');
    await canceled;
  });

  test('is told apart from others that go on at the same time', async () => {
    const units = Array.from({ length: 32 }, (_, index) => `many@${index}.service`);
    const results = await Promise.allSettled([...units, 'badly.service'].map(start));
    expect(results.map(({ status }) => status)).toEqual([
      ...units.map(() => 'fulfilled'),
      'rejected',
    ]);
  });
});
