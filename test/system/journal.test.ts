/** What the daemon tells journald and PID 1, as those two have it. */
import { describe, expect, test } from 'vitest';
import type { HostInfo } from '../../src/api/contract-host.ts';
import { DAEMON, Fleet } from './fleet.ts';
import { whyNoMachine } from './machine.ts';

const reason = whyNoMachine();

type Entry = Readonly<Record<string, string>>;

async function entries(fleet: Fleet, ...filters: readonly string[]): Promise<readonly Entry[]> {
  const text = await fleet.machine.get('journalctl', '--no-pager', '-o', 'json', ...filters);
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Entry);
}

describe.skipIf(reason !== undefined)(`the journal${reason ? ` (${reason})` : ''}`, () => {
  test('has the end of a run under its VM and its reason, in words for people', async () => {
    await using fleet = await Fleet.booted({ web: { strategy: 'Once', guest: 'off' } });
    await fleet.untilStatus('web', 'Stopped');
    const [run] = (await fleet.vm('web')).status.runHistory;
    const { outcome, reason: ending, message } = run?.verdict ?? {};
    const filters = ['SOLOVIRT_VM=default/web', `SOLOVIRT_REASON=${ending}`];
    const found = await entries(fleet, ...filters);
    expect(found.map((entry) => entry['MESSAGE'])).toEqual([
      `web: ${ending} – ${message}`,
      `web: conclude – the instance has ended: ${outcome}, ${ending}`,
    ]);
    for (const entry of found)
      expect(entry).toMatchObject({
        SYSLOG_IDENTIFIER: 'solovirt',
        SOLOVIRT_INSTANCE: run?.uid,
        _SYSTEMD_UNIT: DAEMON,
        _TRANSPORT: 'journal',
      });
    // Nothing takes the way round over standard output.
    expect(await entries(fleet, `_SYSTEMD_UNIT=${DAEMON}`, '_TRANSPORT=stdout')).toEqual([]);
  });
});

describe.skipIf(reason !== undefined)(`PID 1${reason ? ` (${reason})` : ''}`, () => {
  test('sees a reload to its end, and listens where clients look', async () => {
    await using fleet = await Fleet.booted({});
    const { machine } = fleet;
    const before = await machine.property(DAEMON, 'MainPID');
    await machine.get('systemctl', 'reload', DAEMON);
    await machine.until(
      'the daemon is ready again',
      async () => (await machine.property(DAEMON, 'ActiveState')) === 'active',
    );
    expect(await machine.property(DAEMON, 'MainPID')).toBe(before);
    const info = await fleet.api('GET', '/apis/solovirt.io/v1/info');
    expect((JSON.parse(info.body) as HostInfo).warnings).toEqual([]);
  });

  test('has the clients of a socket that nobody looks at warned', async () => {
    await using fleet = await Fleet.booted({}, (off) => {
      off.write(
        '/etc/systemd/system/solovirt.socket.d/elsewhere.conf',
        '[Socket]\nListenStream=\nListenStream=/run/solovirt/elsewhere.sock\n',
      );
    });
    const socket = ['--socket', '/run/solovirt/elsewhere.sock'];
    const info = JSON.parse(await fleet.cli('info', '-o', 'json', ...socket)) as HostInfo;
    expect(info.warnings).toEqual([
      expect.stringMatching(
        /^who connects to \/run\/solovirt\/solovirt\.sock does not reach this daemon/,
      ),
    ]);
  });
});
