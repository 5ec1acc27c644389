/** What Prometheus reads from the socket, and the statistics of guests. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VmStatsList, VmStatsObject } from '../../src/api/contract-stats.ts';
import { METRICS } from '../../src/api/metrics.ts';
import type { VmUsageList } from '../../src/cli/format/usage.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { cli } from './run-main.ts';
import { bringUp, condition, untilInfo } from './waiting.ts';

const STATS = '/apis/solovirt.io/v1';

let world: World;
beforeAll(async () => {
  world = await World.start();
  world.write('once', tinyVm('once', { strategy: 'Once', guest: 'off' }));
  world.write('down', tinyVm('down', { strategy: 'Halted' }));
  world.write('broken', 'kind: [');
  await bringUp(world, 'web');
  await world.untilRuns('once', 1);
  await world.untilStatus('down', 'Stopped');
  await untilInfo(world, 'the broken file is known', ({ counts }) => counts.invalid === 1);
});
afterAll(() => world[Symbol.asyncDispose]());

interface Scrape {
  readonly contentType: string;
  readonly text: string;
}

function scrape(accept = ''): Promise<Scrape> {
  const { promise, resolve, reject } = Promise.withResolvers<Scrape>();
  const headers = { accept };
  const outgoing = request({ socketPath: world.socket, path: '/metrics', headers }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () =>
      resolve({ contentType: response.headers['content-type'] ?? '', text }),
    );
  });
  outgoing.on('error', reject);
  outgoing.end();
  return promise;
}

/** The values of a metric by its labels. */
function values(text: string, name: string): Readonly<Record<string, number>> {
  const lines = text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm'));
  return Object.fromEntries([...lines].map(([, labels = '', value]) => [labels, Number(value)]));
}

/** The only value whose labels hold all of these. */
function value(text: string, name: string, ...labels: readonly string[]): number | undefined {
  const found = Object.entries(values(text, name)).filter(([key]) =>
    labels.every((label) => key.includes(label)),
  );
  expect(found.length, `${name} ${labels.join()}`).toBeLessThan(2);
  return found[0]?.[1];
}

describe('the text', () => {
  test('is that of Prometheus, with every metric in it', async () => {
    const { contentType, text } = await scrape();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [
      name,
      type,
    ]);
    expect(types).toEqual(METRICS.map(({ name, type }) => [name, type]));
    for (const line of text.split('\n'))
      expect(line).toMatch(
        /^(?:|# (?:HELP|TYPE) .+|[a-z_]+(?:\{(?:[a-z_]+="[^"]*",?)+\})? [\d.eE+-]+)$/,
      );
  });

  test('is OpenMetrics for who asks for it', async () => {
    const accept =
      'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2';
    const { contentType, text } = await scrape(accept);
    expect(contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(text).toMatch(/^# TYPE solovirt_vm_ends counter$/m);
    expect(text).toMatch(/^solovirt_vm_ends_total\{/m);
    expect(text.endsWith('# EOF\n')).toBe(true);
  });

  test('has the labels of its table and no others', async () => {
    const { text } = await scrape();
    for (const { name, type, labels } of METRICS) {
      const series = type === 'histogram' ? `${name}_bucket` : name;
      for (const key of Object.keys(values(text, series))) {
        const found = [...key.matchAll(/([a-z_]+)="/g)].map(([, label]) => label);
        const expected = type === 'histogram' ? [...labels, 'le'] : labels;
        expect(new Set(found), name).toEqual(new Set(expected));
      }
    }
  });
});

describe('says', () => {
  test('which VMs there are, and how they do', async () => {
    const { text } = await scrape();
    expect(values(text, 'solovirt_vms')).toMatchObject({
      'status="Running"': 1,
      'status="Stopped"': 2,
      'status="Invalid"': 1,
      'status="CrashLoopBackOff"': 0,
    });
    expect(value(text, 'kubevirt_vm_info', 'name="web"', 'status_group="running"')).toBe(1);
    expect(value(text, 'solovirt_vm_info', 'name="once"', 'run_strategy="Once"')).toBe(1);
    expect(value(text, 'kubevirt_vmi_phase_count', 'phase="running"')).toBe(1);
    expect(value(text, 'kubevirt_vmi_info', 'name="web"', 'phase="running"')).toBe(1);
    expect(value(text, 'kubevirt_vmi_info', 'name="down"')).toBeUndefined();
  });

  test('what a guest uses', async () => {
    const { text } = await scrape();
    const of = (name: string) => value(text, `kubevirt_vmi_${name}`, 'name="web"');
    expect(of('cpu_usage_seconds_total')).toBeGreaterThan(0);
    expect(of('memory_domain_bytes')).toBe(16 * 1024 * 1024);
    expect(of('memory_resident_bytes')).toBeGreaterThan(16 * 1024 * 1024);
    // The firmware has read the boot sector.
    expect(of('storage_read_traffic_bytes_total')).toBeGreaterThanOrEqual(512);
    expect(of('storage_iops_read_total')).toBeGreaterThanOrEqual(1);
    expect(value(text, 'kubevirt_vmi_storage_write_traffic_bytes_total', 'drive="root"')).toBe(0);
  });

  test('how runs ended and how long starts took; ends are not forgotten by the next daemon', async () => {
    const ends = (text: string) =>
      value(text, 'solovirt_vm_ends_total', 'name="once"', 'outcome="Succeeded"');
    const { text: before } = await scrape();
    expect(ends(before)).toBe(1);
    expect(value(before, 'solovirt_vm_starts_total', 'name="once"')).toBe(1);
    expect(value(before, 'solovirt_vm_starts_total', 'name="web"')).toBe(1);
    expect(value(before, 'solovirt_vm_start_duration_seconds_count', 'stage="running"')).toBe(2);
    await world.endDaemon('SIGKILL');
    await world.startDaemon();
    await world.untilStatus('web', 'Running');
    const { text: after } = await scrape();
    expect(ends(after)).toBe(1);
    expect(value(after, 'solovirt_vm_starts_total', 'name="web"')).toBe(1);
  });

  test('how a stop went, and what is done with the daemon', async () => {
    world.write('stopped', tinyVm('stopped', { strategy: 'Manual' }));
    await world.untilStatus('stopped', 'Stopped');
    await world.command('stopped', 'start');
    await world.untilStatus('stopped', 'Running');
    await world.untilConsole('stopped', 'UP');
    await world.command('stopped', 'stop');
    await world.untilStatus('stopped', 'Stopped');
    await world.api('GET', '/no/such/path');
    const { text } = await scrape();
    expect(value(text, 'solovirt_vm_stop_duration_seconds_count', 'outcome="Succeeded"')).toBe(1);
    expect(value(text, 'solovirt_api_requests_total', 'path="none"')).toBe(1);
    const stop = ['method="PUT"', '/virtualmachines/:name/stop"', 'code="202"'];
    expect(value(text, 'solovirt_api_requests_total', ...stop)).toBe(1);
    expect(value(text, 'solovirt_api_requests_in_flight')).toBeGreaterThanOrEqual(1);
    expect(value(text, 'solovirt_pass_duration_seconds_count')).toBeGreaterThan(3);
    expect(value(text, 'process_open_fds')).toBeGreaterThan(3);
  });
});

describe('the statistics', () => {
  const web = `${STATS}/namespaces/default/virtualmachines/web/stats`;

  test('of one VM', async () => {
    const { code, body } = await world.api('GET', web);
    expect(code).toBe(200);
    expect(body).toEqual({
      apiVersion: 'solovirt.io/v1',
      kind: 'VirtualMachineStats',
      metadata: { name: 'web', namespace: 'default' },
      timestamp: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
      instance: { uid: (await world.vm('web')).status.instance?.uid },
      cpu: {
        count: 1,
        usageSeconds: expect.any(Number),
        userSeconds: expect.any(Number),
        systemSeconds: expect.any(Number),
      },
      memory: { guestBytes: 16 * 1024 * 1024, residentBytes: expect.any(Number) },
      disks: [expect.objectContaining({ name: 'root', writeBytes: 0 })],
    });
  });

  test.for([
    ['of all VMs', `${STATS}/stats`],
    ['of a namespace', `${STATS}/namespaces/default/stats`],
  ] as const)('%s, without files that declare none', async ([, path]) => {
    const { items } = (await world.api('GET', path)).body as VmStatsList;
    const names = items.map(({ metadata }) => metadata.name);
    expect(names).toEqual(expect.arrayContaining(['down', 'once', 'web']));
    expect(names).not.toContain('broken.yaml');
    expect(items.find(({ metadata }) => metadata.name === 'down')?.instance).toBeUndefined();
  });

  test('of a namespace without VMs and of a VM that is not there', async () => {
    expect((await world.api('GET', `${STATS}/namespaces/other/stats`)).body.items).toEqual([]);
    expect(
      await world.api('GET', `${STATS}/namespaces/default/virtualmachines/none/stats`),
    ).toMatchObject({ code: 404, body: { reason: 'NotFound' } });
  });
});

test('solovirt top measures for a second', async () => {
  const { code, stdout } = await cli(world, 'top', '-o', 'json', 'web', 'down');
  expect(code).toBe(0);
  const { items } = JSON.parse(stdout) as VmUsageList;
  expect(items).toEqual([
    expect.objectContaining({
      metadata: { name: 'web', namespace: 'default' },
      cpu: { count: 1, used: expect.any(Number) },
      disks: [expect.objectContaining({ name: 'root', readBytesPerSecond: 0 })],
    }),
    { metadata: { name: 'down', namespace: 'default' }, timestamp: expect.any(String) },
  ]);
});

test('a guest that hangs is left out and holds up nobody', async () => {
  await bringUp(world, 'wedged');
  const { pid } = (await world.vm('wedged')).status.instance ?? {};
  if (pid === undefined) throw new Error('the guest has no QEMU');
  process.kill(pid, 'SIGSTOP');
  const { text } = await scrape();
  const disk = 'kubevirt_vmi_storage_read_traffic_bytes_total';
  expect(value(text, disk, 'name="wedged"')).toBeUndefined();
  expect(value(text, disk, 'name="web"')).toBeGreaterThan(0);
  // What /proc tells is there all the same.
  expect(value(text, 'kubevirt_vmi_memory_resident_bytes', 'name="wedged"')).toBeGreaterThan(0);
  expect(value(text, 'solovirt_scrape_guest_failures_total', 'reason="late"')).toBe(1);
  await world.until(
    'wedged',
    'is known to hang',
    (v) => condition(v, 'MonitorUnresponsive') !== undefined,
  );
  const stats = (await world.api('GET', `${STATS}/namespaces/default/virtualmachines/wedged/stats`))
    .body as VmStatsObject;
  expect(stats).toMatchObject({ missing: 'unresponsive', cpu: { count: 1 } });
  expect(stats.disks).toBeUndefined();
  const { text: later } = await scrape();
  expect(value(later, 'solovirt_vmi_unresponsive', 'name="wedged"')).toBe(1);
  const failed = ['command="query-blockstats"', 'kind="timeout"'];
  expect(value(later, 'solovirt_qmp_failures_total', ...failed)).toBe(1);
  process.kill(pid, 'SIGCONT');
});
