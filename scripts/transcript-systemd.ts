/**
 * Shows on a real systemd that guests outlive the daemon and its package, and are back after a reboot:
 *
 *     npm run transcript:systemd        rewrites docs/transcripts-systemd.md (about a minute and a half; needs root)
 *
 * The guest chooses an id each time that it boots and counts seconds, so it is the witness itself.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Fleet } from '../test/system/fleet.ts';
import { Machine, whyNoMachine } from '../test/system/machine.ts';
import { buildPackages, dpkg } from '../test/system/package-build.ts';

const PAGE = resolve(import.meta.dirname, '../docs/transcripts-systemd.md');
const VMS = { always: 'Always', rerun: 'RerunOnFailure', manual: 'Manual', once: 'Once' } as const;
const DAEMON = 'solovirt.service';

class Page {
  readonly #fleet: Fleet;
  readonly #text: string[] = [];

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  section(title: string): void {
    this.#text.push(`## ${title}\n`);
  }

  /** A command as root types it, with what it prints. */
  async shell(line: string): Promise<void> {
    const { stdout, stderr } = await this.#fleet.machine.run('sh', '-c', line);
    const said = [stdout, stderr].filter((text) => text !== '').join('\n');
    this.#text.push(
      ['```console', `# ${line}`, ...(said === '' ? [] : [said]), '```\n'].join('\n'),
    );
  }

  say(words: string): void {
    this.#text.push(`${words}\n`);
  }

  /** What the guests say of themselves. */
  async lives(...names: readonly string[]): Promise<void> {
    const rows = await Promise.all(
      names.map(async (name) => {
        const { pid, bootId, count } = await this.#fleet.life(name);
        return `| ${name} | ${pid} | ${bootId} | ${count} |`;
      }),
    );
    this.#text.push(
      [
        '| VM | pid of QEMU | boot id in the guest | its seconds |',
        '|---|---|---|---|',
        ...rows,
        '',
      ].join('\n'),
    );
  }

  toString(): string {
    return this.#text.join('\n');
  }
}

const HEAD = `# Guests under systemd

Written by \`npm run transcript:systemd\`: the package on a Debian 12 with systemd as PID 1, guests under emulation. Each guest
chooses an id when it boots and counts seconds, so two tables with the same id and a higher count show the same guest.
`;

async function play(fleet: Fleet, page: Page, newer: string): Promise<void> {
  const { machine } = fleet;
  const names = Object.keys(VMS);
  page.section('At the start');
  await page.shell('solovirt list');
  await page.shell('systemd-cgls --no-pager --unit solovirt-vms.slice | cut -c1-100');
  await page.lives(...names);

  page.section('`systemctl restart solovirt`');
  await page.shell('systemctl restart solovirt');
  await fleet.allRunning(...names);
  await page.lives(...names);

  page.section('The daemon is killed');
  const before = await machine.property(DAEMON, 'MainPID');
  await page.shell('systemctl kill --signal=KILL --kill-whom=main solovirt');
  await machine.until('systemd has started it again', async () => {
    const pid = await machine.property(DAEMON, 'MainPID');
    const state = await machine.property(DAEMON, 'ActiveState');
    return pid !== before && pid !== '0' && state === 'active' ? true : undefined;
  });
  await fleet.allRunning(...names);
  await page.shell('systemctl show --property=Result,NRestarts,StatusText solovirt');
  await page.lives(...names);

  page.section('The package is upgraded');
  await page.shell('solovirt --version');
  await dpkg(machine, '--install', newer);
  page.say('`dpkg --install` of the newer package');
  await page.shell('solovirt --version');
  await fleet.allRunning(...names);
  await page.lives(...names);

  page.section('The host reboots');
  await machine.poweroff();
  await machine.boot();
  await fleet.allRunning('always', 'rerun');
  await page.shell('solovirt list');
  await page.shell('solovirt events manual | tail -n 5');
  await page.lives('always', 'rerun');
  await page.shell(
    'journalctl --no-pager -o cat --boot=-1 -u solovirt-vm@always -u solovirt-vm@manual | grep -v "^Consumed" | tail -8',
  );
}

const reason = whyNoMachine();
if (reason !== undefined) throw new Error(reason);
using packages = await buildPackages();
await using machine = await Machine.make({ bare: true });
const fleet = Fleet.on(machine);
await machine.boot();
await dpkg(machine, '--install', packages.old);
for (const [name, strategy] of Object.entries(VMS)) fleet.declare(name, { strategy });
await fleet.untilStatus('always', 'Running');
await fleet.cli('start', 'manual', '--wait');
await fleet.allRunning(...Object.keys(VMS));
const page = new Page(fleet);
await play(fleet, page, packages.new);
writeFileSync(PAGE, `${HEAD}\n${page}`);
process.stdout.write(`${PAGE}\n`);
