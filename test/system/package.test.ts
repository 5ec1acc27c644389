/** The package on a host with systemd, from the installation to the purge: guests never notice. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agentVm } from '../e2e/agent-guest.ts';
import { dial, instancePath } from '../e2e/web-socket.ts';
import { DAEMON, Fleet, livesOn, SOCKET } from './fleet.ts';
import { copyImages } from './install.ts';
import { Machine, whyNoMachine } from './machine.ts';
import { buildPackages, dpkg, NEW, OLD, type Packages } from './package-build.ts';

const reason = whyNoMachine();

describe.skipIf(reason !== undefined)(`the package${reason ? ` (${reason})` : ''}`, () => {
  let packages: Packages;
  beforeAll(async () => {
    packages = await buildPackages();
  }, 300_000);
  afterAll(() => packages?.[Symbol.dispose]());

  /** A machine with the package, and these VMs running. */
  async function installed(...vms: readonly string[]): Promise<Fleet> {
    const machine = await Machine.make({ bare: true });
    const fleet = Fleet.on(machine);
    try {
      await machine.boot();
      await dpkg(machine, '--install', packages.old);
      for (const vm of vms) fleet.declare(vm, {});
      await fleet.allRunning(...vms);
      return fleet;
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  const mode = (machine: Machine, path: string) => machine.get('stat', '--format=%a %U:%G', path);

  test('brings the daemon up by itself, and a VM file is all it takes then', async () => {
    await using fleet = await installed('web');
    const { machine } = fleet;
    expect(await machine.property(DAEMON, 'ActiveState')).toBe('active');
    expect(await machine.property(DAEMON, 'User')).toBe('solovirt');
    expect(await machine.get('systemctl', 'is-enabled', DAEMON, 'solovirt.socket')).toBe(
      'enabled\nenabled',
    );
    expect(await fleet.cli('--version')).toBe(OLD);
    expect(await fleet.cli('info')).toMatch(new RegExp(`^Version: +${OLD}$`, 'm'));
    expect(await machine.get('/lib/systemd/systemd-sysctl', '--cat-config')).toMatch(
      /^fs.aio-max-nr = \d{7,}$/m,
    );
    expect(await mode(machine, '/run/solovirt/solovirt.sock')).toBe('660 root:solovirt');
    expect(await mode(machine, '/run/solovirt/solovirt-ro.sock')).toBe('660 root:solovirt-ro');
    expect(await mode(machine, '/etc/solovirt')).toBe('750 root:solovirt');
    expect(await mode(machine, '/etc/solovirt/vms')).toBe('2770 root:solovirt');
    expect(await mode(machine, '/var/lib/solovirt/images')).toBe('2771 solovirt:solovirt-qemu');
    expect(await mode(machine, '/var/lib/solovirt/state.db')).toMatch(/^6[04]0 solovirt:solovirt$/);
  });

  test('leads into a guest: its console, its display, its ports, and what its agent tells', async () => {
    await using fleet = await installed();
    const { machine } = fleet;
    copyImages(machine.path('/'), 'agent');
    const text = agentVm('linux', 8080).replace('GraphicsDevice: false', 'GraphicsDevice: true');
    machine.write('/etc/solovirt/vms/linux.yaml', text);
    await fleet.allRunning('linux');
    const daemon = { socket: machine.path(SOCKET), log: 'see the journal' };

    using console = await dial(daemon, instancePath('linux', 'console'));
    await console.said('eth0 has 10.0.2.2');
    // What is typed before the guest opens its console is lost.
    const again = setInterval(() => console.send('\necho $((6 * 7))-fold\n'), 500);
    await console.said('42-fold').finally(() => clearInterval(again));
    using display = await dial(daemon, instancePath('linux', 'vnc'));
    await display.said('RFB 003.008');
    await fleet.cli('screenshot', 'linux', '/tmp/screen.png');
    expect(machine.read('/tmp/screen.png')).toContain('PNG');
    using page = await dial(daemon, instancePath('linux', 'portforward/80'));
    page.send('GET / HTTP/1.0\r\n\r\n');
    await page.said('Hello from a solovirt guest.');

    const told = await machine.until('its agent is connected', async () => {
      const { code, stdout } = await machine.run('solovirt', 'guest', 'linux');
      return code === 0 && stdout;
    });
    expect(told).toMatch(/^Host name: +solovirt-guest$/m);
    await fleet.cli('freeze', 'linux');
    expect(await fleet.cli('describe', 'linux')).toMatch(/Frozen: .*; thaws in/);
    await fleet.cli('unfreeze', 'linux');

    await machine.get('systemctl', 'restart', DAEMON);
    expect(await console.end()).toMatchObject({ code: 1012 });
    expect(await fleet.cli('guest', 'linux')).toMatch(/^Host name: +solovirt-guest$/m);
    using next = await dial(daemon, instancePath('linux', 'console'));
    await next.said('42-fold');
  });

  test('an upgrade leaves guests running, and no call fails meanwhile', async () => {
    await using fleet = await installed('web');
    const { machine } = fleet;
    const before = await fleet.life('web');
    let upgrading = true;
    const calls = (async () => {
      const codes: number[] = [];
      while (upgrading) codes.push((await fleet.api('GET', '/apis/solovirt.io/v1/info')).code);
      return codes;
    })();
    await dpkg(machine, '--install', packages.new);
    upgrading = false;
    const codes = await calls;
    expect(codes.filter((code) => code !== 200)).toEqual([]);
    expect(await fleet.cli('--version')).toBe(NEW);
    expect(await fleet.cli('info')).toMatch(new RegExp(`^Version: +${NEW}$`, 'm'));
    expect(livesOn(before, await fleet.life('web'))).toBe(true);
    expect((await fleet.vm('web')).status.runHistory).toEqual([]);
  });

  test('a removal leaves guests running and says so; the next installation takes them back', async () => {
    await using fleet = await installed('web', 'db');
    const { machine } = fleet;
    const before = await fleet.life('web');
    const evidence = await fleet.evidence('db');
    const said = await dpkg(machine, '--remove', 'solovirt');
    expect(said).toContain(
      'solovirt: the guests of these units go on running:\n  solovirt-vm@db.service\n  solovirt-vm@web.service\n',
    );
    expect(machine.exists('/usr/lib/solovirt')).toBe(false);
    expect(await machine.property(DAEMON, 'ActiveState')).toBe('inactive');
    expect(await machine.property(fleet.unit('web'), 'ActiveState')).toBe('active');

    // Without solovirt a guest is still asked to shut down, and how it ended is on record.
    await machine.get('systemctl', 'stop', fleet.unit('db'));
    expect(machine.read(`${evidence}/console.log`)).toMatch(/DOWN\r\n$/);
    expect(machine.read(`${evidence}/exit`)).toBe('exited 0\n');
    expect(await machine.journal('--unit', fleet.unit('db'))).not.toMatch(/failed|No such file/);

    await dpkg(machine, '--install', packages.new);
    await fleet.allRunning('web', 'db');
    expect(livesOn(before, await fleet.life('web'))).toBe(true);
    const [end] = (await fleet.vm('db')).status.runHistory;
    expect(end?.verdict).toMatchObject({ outcome: 'Succeeded', initiator: 'outside' });
    expect(machine.list('/run/systemd/system')).not.toContain('solovirt-vm@.service');
    expect(machine.exists('/run/solovirt-removed')).toBe(false);
    expect(await machine.property(fleet.unit('web'), 'FragmentPath')).toMatch(
      /^(\/usr)?\/lib\/systemd\/system\/solovirt-vm@\.service$/,
    );
  });

  test('after a removal, a shutdown of the host still asks the guests', async () => {
    await using fleet = await installed('web');
    const { machine } = fleet;
    const evidence = await fleet.evidence('web');
    await dpkg(machine, '--remove', 'solovirt');
    await machine.poweroff();
    expect(machine.read(`${evidence}/console.log`)).toMatch(/DOWN\r\n$/);
  });

  test('a purge removes what solovirt remembers, and neither images nor VM files', async () => {
    await using fleet = await installed('web');
    const { machine } = fleet;
    // For the daemon to write the run strategy.
    await machine.get('chmod', '664', '/etc/solovirt/vms/web.yaml');
    await fleet.cli('stop', 'web', '--wait');
    const said = await dpkg(machine, '--purge', 'solovirt');
    expect(said).toContain('/var/lib/solovirt/images is not empty and was left alone');
    expect(said).toContain('/etc/solovirt/vms is not empty and was left alone');
    expect(machine.list('/var/lib/solovirt')).toEqual(['images']);
    expect(machine.list('/var/lib/solovirt/images/tiny')).toContain('witness.img');
    expect(machine.list('/etc/solovirt')).toEqual(['vms']);
    expect(machine.list('/etc/solovirt/vms')).toEqual(['web.yaml']);
    expect(machine.list('/etc/systemd/system/multi-user.target.wants')).toEqual([]);
  });

  test('a purge under a running guest leaves what that guest needs', async () => {
    await using fleet = await installed('web');
    const { machine } = fleet;
    const before = await fleet.life('web');
    await dpkg(machine, '--purge', 'solovirt');
    await dpkg(machine, '--install', packages.old);
    await fleet.allRunning('web');
    expect(livesOn(before, await fleet.life('web'))).toBe(true);
  });
});
