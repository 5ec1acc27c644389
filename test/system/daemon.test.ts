/** The daemon's unit: guests outlive whatever happens to the daemon, and only a stop of the service stops them. */
import { describe, expect, test } from 'vitest';
import { DAEMON, Fleet, type Life, livesOn } from './fleet.ts';
import { whyNoMachine } from './machine.ts';

const reason = whyNoMachine();

describe.skipIf(reason !== undefined)(`solovirt.service${reason ? ` (${reason})` : ''}`, () => {
  test('guests live on and are adopted, whatever happens to the daemon', async () => {
    await using fleet = await Fleet.booted({ web: {}, db: {} });
    const { machine } = fleet;
    await fleet.allRunning('web', 'db');
    let lives = [await fleet.life('web'), await fleet.life('db')];
    const daemon = () => machine.property(DAEMON, 'MainPID');

    /** Does it to the daemon and waits for the next one. */
    const survives = async (what: string, deed: () => Promise<unknown>): Promise<void> => {
      const before = await daemon();
      await deed();
      await machine.until(`a new daemon after ${what}`, async () => {
        const now = await daemon();
        return (
          now !== '0' &&
          now !== before &&
          (await machine.property(DAEMON, 'ActiveState')) === 'active'
        );
      });
      const now: readonly Life[] = [await fleet.life('web'), await fleet.life('db')];
      expect(
        now.map((life, i) => livesOn(lives[i] as Life, life)),
        what,
      ).toEqual([true, true]);
      lives = [...now];
      for (const name of ['web', 'db'])
        expect((await fleet.untilStatus(name, 'Running')).status.runHistory, what).toEqual([]);
    };

    await survives('systemctl restart', () => machine.get('systemctl', 'restart', DAEMON));
    await survives('SIGKILL', () => machine.get('systemctl', 'kill', '--signal=SIGKILL', DAEMON));
    await survives('SIGSEGV', () => machine.get('systemctl', 'kill', '--signal=SIGSEGV', DAEMON));
    await survives('daemon-reexec and restart', async () => {
      await machine.get('systemctl', 'daemon-reload');
      await machine.get('systemctl', 'daemon-reexec');
      await machine.get('systemctl', 'restart', DAEMON);
    });
    for (const signal of ['SIGTERM', 'SIGINT'])
      await survives(signal, async () => {
        await machine.get('systemctl', 'kill', `--signal=${signal}`, DAEMON);
        await machine.until(`the daemon ended by ${signal}`, async () => (await daemon()) === '0');
        await machine.get('systemctl', 'start', DAEMON);
      });
    const pid = await daemon();
    await machine.get('systemctl', 'kill', '--signal=SIGHUP', DAEMON);
    await machine.get('systemctl', 'reload', DAEMON);
    expect(livesOn(lives[0] as Life, await fleet.life('web'))).toBe(true);
    expect(await daemon()).toBe(pid);
  });

  test('a daemon that hangs is ended by the watchdog, and the next one adopts', async () => {
    await using fleet = await Fleet.booted({ web: {} }, (off) => {
      off.write(
        `/etc/systemd/system/${DAEMON}.d/fast.conf`,
        '[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\n',
      );
    });
    const { machine } = fleet;
    await fleet.allRunning('web');
    const before = await fleet.life('web');
    await machine.get('systemctl', 'kill', '--signal=SIGSTOP', DAEMON);
    await machine.until(
      'it was restarted',
      async () => (await machine.property(DAEMON, 'NRestarts')) === '1',
    );
    expect(await machine.journal('-u', DAEMON, '-o', 'cat')).toContain(
      "Failed with result 'watchdog'",
    );
    await fleet.allRunning('web');
    expect(livesOn(before, await fleet.life('web'))).toBe(true);
  });

  test('no request fails while the daemon is restarted or killed', async () => {
    await using fleet = await Fleet.booted({});
    const { machine } = fleet;
    let over = false;
    const answers: number[] = [];
    const ask = async (): Promise<void> => {
      while (!over) answers.push((await fleet.api('GET', '/version')).code);
    };
    const callers = [ask(), ask(), ask()];
    await machine.get('systemctl', 'restart', DAEMON);
    await machine.get('systemctl', 'restart', DAEMON);
    over = true;
    await Promise.all(callers);
    expect(new Set(answers)).toEqual(new Set([200]));
    expect(answers.length).toBeGreaterThan(10);
  });

  test('a stop of the service powers the guests off, all at once, and the next start has them back', async () => {
    await using fleet = await Fleet.booted({
      quick: {},
      slow: { guest: 'slow' },
      once: { strategy: 'Once' },
    });
    const { machine } = fleet;
    await fleet.allRunning('quick', 'slow', 'once');
    const dirs = [await fleet.evidence('quick'), await fleet.evidence('slow')];
    await machine.get('systemctl', 'stop', DAEMON);
    for (const dir of dirs) {
      expect(machine.read(`${dir}/exit`)).toBe('exited 0\n');
      expect(machine.read(`${dir}/intent`)).toContain(
        '"action":"host-shutdown","initiator":"host"',
      );
    }
    expect(await machine.get('systemctl', 'list-units', '--no-legend', 'solovirt-vm@*')).toBe('');
    await machine.get('systemctl', 'start', DAEMON);
    await fleet.allRunning('quick', 'slow');
    const [last] = (await fleet.vm('quick')).status.runHistory;
    expect(last?.verdict).toMatchObject({
      outcome: 'Failed',
      reason: 'HostShutdown',
      initiator: 'host',
    });
    expect((await fleet.vm('once')).status.printableStatus).toBe('Stopped');
  });

  test('its status counts the VMs, and each VM is a unit by its name', async () => {
    await using fleet = await Fleet.booted({ web: {}, halted: { strategy: 'Halted' } });
    const { machine } = fleet;
    await fleet.allRunning('web');
    await machine.until(
      'the status',
      async () => (await machine.property(DAEMON, 'StatusText')) === '2 VMs: 1 running, 1 stopped',
    );
    const tree = await machine.get('systemd-cgls', '--no-pager', '--full');
    expect(tree).toMatch(
      /solovirt-vms\.slice[\s\S]*solovirt-vm@web\.service[\s\S]*qemu-system-x86_64 .*web/,
    );
    expect(await machine.get('systemctl', 'status', '--no-pager', fleet.unit('web'))).toMatch(
      /Virtual machine web\n[\s\S]*Active: active \(running\)/,
    );
  });

  test('a stop of the service shows in its status which guests are still on their way', async () => {
    await using fleet = await Fleet.booted({ deaf: { guest: 'ignore', grace: 3 } });
    const { machine } = fleet;
    await fleet.allRunning('deaf');
    await machine.get('systemctl', 'stop', '--no-block', DAEMON);
    await machine.until(
      'the status names the guest',
      async () => (await machine.property(DAEMON, 'StatusText')) === 'Stopping guests: deaf',
    );
    await machine.until(
      'the service is stopped',
      async () => (await machine.property(DAEMON, 'ActiveState')) === 'inactive',
    );
    expect(await machine.property(fleet.unit('deaf'), 'ActiveState')).toBe('inactive');
  });

  test('a mistake in its configuration is told once, and not tried again', async () => {
    await using fleet = await Fleet.booted({}, (off) => {
      off.write('/etc/solovirt/solovirt.yaml', 'accel: nonsense\n');
    });
    const { machine } = fleet;
    expect(await machine.property(DAEMON, 'ActiveState')).toBe('failed');
    expect(await machine.property(DAEMON, 'NRestarts')).toBe('0');
    expect(await machine.journal('-u', DAEMON, '-o', 'cat')).toContain(
      '/etc/solovirt/solovirt.yaml:1:8: accel must be one of auto, kvm, tcg; found "nonsense"',
    );
  });
});
