/** Whatever `kubectl` reads: tables, selectors, watches, waits, descriptions and events. */
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { Kubectl } from './kubectl.ts';
import { tinyVm } from './manifests.ts';
import { bringUp } from './waiting.ts';

let world: World;
let kubectl: Kubectl;

beforeAll(async () => {
  world = await World.start();
  kubectl = await Kubectl.on(world);
  const within = (text: string, lines: string): string =>
    text.replace('  name:', `${lines}\n  name:`);
  world.write('down', within(tinyVm('down', { strategy: 'Halted' }), '  labels: {tier: back}'));
  world.write('far', within(tinyVm('far', { strategy: 'Halted' }), '  namespace: prod'));
  await bringUp(world, 'web');
  await world.command('web', 'restart', { gracePeriodSeconds: 0 });
  await world.untilRuns('web', 1);
  await world.untilStatus('web', 'Running');
  await world.untilStatus('down', 'Stopped');
});
afterAll(async () => {
  await kubectl[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

/** Cells of each line; columns are at least three blanks apart. */
const rowsOf = (table: string): readonly (readonly string[])[] =>
  table.split('\n').map((line) => line.trim().split(/\s{3,}/));
const get = async (...args: readonly string[]) => rowsOf(await kubectl.ok(['get', ...args]));

describe('get', () => {
  test('prints a table with what people want to know', async () => {
    const [header, ...rows] = await get('vm');
    expect(header).toEqual(['NAME', 'STATUS', 'READY', 'AGE']);
    expect(rows.map(([name, status, ready]) => [name, status, ready])).toEqual([
      ['down', 'Stopped', 'False'],
      ['web', 'Running', 'True'],
    ]);
  });

  test('wide says the strategy, where it runs, and how the last run ended, as solovirt list does', async () => {
    const [header, , web] = await get('vm', '-o', 'wide');
    expect(header?.slice(4)).toEqual(['STRATEGY', 'NODE', 'IPS', 'LAST-END']);
    expect(web?.[4]).toBe('Always');
    expect(web?.at(-1)).toMatch(/^forced off \d+\w* ago$/);
  });

  test('instances, all kinds, all namespaces', async () => {
    expect((await get('vmi'))[0]).toEqual(['NAME', 'AGE', 'PHASE', 'IP', 'NODENAME', 'READY']);
    const all = await kubectl.ok(['get', 'all', '-A']);
    expect(all).toMatch(/^prod +virtualmachine.kubevirt.io\/far +Stopped/m);
    expect(all).toMatch(/^default +virtualmachineinstance.kubevirt.io\/web .* Running/m);
  });

  test.for<readonly [string, string]>([
    ['-l tier=back', 'down'],
    ['-l tier!=back', 'web'],
    ['-l tier in (back,front)', 'down'],
    ['-l !tier', 'web'],
    ['--field-selector status.printableStatus=Running', 'web'],
    ['--field-selector spec.runStrategy!=Always', 'down'],
    ['--field-selector metadata.name=web', 'web'],
    ['--chunk-size=1', 'down web'],
    ['--sort-by=.status.printableStatus', 'web down'],
  ])('%s', async ([option, names]) => {
    const [flag = '', ...rest] = option.split(' ');
    const args = rest.length === 0 ? [flag] : [flag, rest.join(' ')];
    const named = await kubectl.ok(['get', 'vm', ...args, '-o', 'custom-columns=N:.metadata.name']);
    expect(named.split('\n').slice(1).join(' ')).toBe(names);
  });

  test('objects in every form', async () => {
    expect(await kubectl.ok(['get', 'vm', 'web', '-o', 'name'])).toBe(
      'virtualmachine.kubevirt.io/web',
    );
    const path = '-o=jsonpath={.status.conditions[?(@.type=="Ready")].lastTransitionTime}';
    expect(Date.parse(await kubectl.ok(['get', 'vm', 'web', path]))).not.toBeNaN();
    expect(await kubectl.ok(['get', 'vmi', 'web', '-o', 'yaml'])).toContain(
      'vm.kubevirt.io/name: web',
    );
    const old = JSON.parse(
      await kubectl.ok(['get', '--raw', '/apis/kubevirt.io/v1alpha3/virtualmachineinstances']),
    );
    expect([old.apiVersion, old.items[0].apiVersion]).toEqual([
      'kubevirt.io/v1alpha3',
      'kubevirt.io/v1alpha3',
    ]);
  });

  test('of something that is not there', async () => {
    expect(await kubectl.run(['get', 'vm', 'nobody'])).toMatchObject({
      code: 1,
      stderr: 'Error from server (NotFound): virtualmachines.kubevirt.io "nobody" not found',
    });
  });
});

test('get -w prints a line for each change', async () => {
  await bringUp(world, 'watched');
  const running = execa('kubectl', kubectl.args(['get', 'vm', 'watched', '-w', '--no-headers']), {
    env: kubectl.env(),
    reject: false,
    stdin: 'ignore',
    timeout: 60_000,
  });
  const seen: string[] = [];
  for await (const line of running) {
    const status = String(line).trim().split(/\s+/)[1] ?? '';
    if (seen.length === 0) await world.instance('watched', 'pause');
    if (status === 'Paused' && !seen.includes(status)) world.remove('watched');
    seen.push(status);
    // Nothing else ends a watch.
    if (status === 'Terminating') running.kill();
  }
  expect(seen[0]).toBe('Running');
  expect(seen).toEqual(expect.arrayContaining(['Paused', 'Terminating']));
});

describe('wait', () => {
  test('for a condition, for a field, and for an instance to go', async () => {
    world.write('waited', tinyVm('waited', { strategy: 'Manual' }));
    await world.untilStatus('waited', 'Stopped');
    const waits = (what: string, ...args: readonly string[]) =>
      kubectl.ok(['wait', what, ...args, '--timeout=30s']);
    const all = Promise.all([
      waits('vm/waited', '--for=condition=Ready'),
      waits('vm/waited', '--for=jsonpath={.status.printableStatus}=Running'),
    ]);
    await world.command('waited', 'start');
    expect((await all).join('\n')).toBe(
      'virtualmachine.kubevirt.io/waited condition met\nvirtualmachine.kubevirt.io/waited condition met',
    );
    const gone = waits('vm/waited', '--for=delete');
    world.remove('waited');
    expect(await gone).toBe('virtualmachine.kubevirt.io/waited condition met');
  });
});

describe('events', () => {
  test('describe tells those of the VM, and of the instance those of this run', async () => {
    const vm = await kubectl.ok(['describe', 'vm', 'web']);
    const events = vm.slice(vm.indexOf('Events:'));
    for (const reason of ['Registered', 'SuccessfulCreate', 'RestartRequested', 'ForcedOff'])
      expect(events).toContain(reason);
    const vmi = await kubectl.ok(['describe', 'vmi', 'web']);
    expect(vmi.slice(vmi.indexOf('Events:')).match(/Started/g)).toHaveLength(1);
  });

  test('get and events print them', async () => {
    const [header] = await get('events');
    expect(header).toEqual(['LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE']);
    const all = rowsOf(await kubectl.ok(['events', '--for', 'vm/web']));
    expect(all.slice(1).map(([, , reason]) => reason)).toContain('SuccessfulCreate');
    expect(new Set(all.slice(1).map(([, , , object]) => object))).toEqual(
      new Set(['VirtualMachine/web']),
    );
    const [name = ''] = (await kubectl.ok(['get', 'events', '-o', 'name'])).split('\n');
    expect(await kubectl.ok(['get', name, '-o=jsonpath={.kind}'])).toBe('Event');
  });

  test('of events.k8s.io are the same', async () => {
    const [header, ...rows] = await get('events.events.k8s.io');
    expect(header?.[0]).toBe('LAST SEEN');
    expect(rows.map(([, , reason]) => reason)).toContain('SuccessfulCreate');
    const kinds = '-o=jsonpath={.items[*].regarding.kind}';
    expect(await kubectl.ok(['get', 'events.events.k8s.io', kinds])).toContain(
      'VirtualMachineInstance',
    );
  });
});

describe('what stands for a cluster', () => {
  test('namespaces are those that files name; none is made by itself', async () => {
    expect((await get('ns')).map(([name, status]) => [name, status])).toEqual([
      ['NAME', 'STATUS'],
      ['default', 'Active'],
      ['prod', 'Active'],
    ]);
    const { code, stderr } = await kubectl.run(['create', 'ns', 'dev']);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('as soon as a VM or another object'),
    ]);
  });

  test('the host is a node, which takes no guests while it is drained', async () => {
    const status = async () => (await get('nodes'))[1]?.[1];
    expect(await status()).toBe('Ready');
    const drain = '/apis/solovirt.io/v1/drain';
    await world.api('PUT', drain);
    expect(await status()).toBe('Ready,SchedulingDisabled');
    await world.api('DELETE', drain);
    expect(await status()).toBe('Ready');
  });

  test('describe node, get all and cluster-info find the pods and services that they ask for: none', async () => {
    const node = await kubectl.ok(['describe', 'node']);
    expect(node).toMatch(/Non-terminated Pods: +\(0 in total\)/);
    expect(node).toMatch(/Lease: .* not found: the host is a node while its daemon answers/);
    // The year of a time that is not told.
    expect(node).not.toContain(' 0001 ');
    expect(await kubectl.ok(['get', 'vm,pods', '-o', 'name'])).toBe(
      'virtualmachine.kubevirt.io/down\nvirtualmachine.kubevirt.io/web',
    );
    const pods = await kubectl.run(['get', 'pods,services', '-A']);
    expect(pods).toMatchObject({ code: 0, stdout: '', stderr: 'No resources found' });
    expect(await kubectl.ok(['cluster-info'])).toContain('is running at');
  });

  test.for<readonly [string, RegExp]>([
    ['logs web', /pods "web" not found: .*`solovirt logs`/],
    ['exec web -- ls', /pods "web" not found: .*`solovirt ssh`/],
    ['run web --image=web', /a guest is a VirtualMachine; `solovirt create vm` writes one/],
    ['create service clusterip web --tcp=80', /`solovirt port-forward`, leads to a port of a VM/],
    ['scale vm web --replicas=2', /a VM is one guest, it has no replicas/],
    ['cordon NODE', /`solovirt drain` stops its guests and starts none/],
    ['top node', /Metrics API not available/],
  ])('%s is refused with what is there instead', async ([command, words]) => {
    const name = (await kubectl.ok(['get', 'node', '-o', 'name'])).replace('node/', '');
    const args = command.replace('NODE', name).split(' ');
    expect((await kubectl.run(args)).stderr).toMatch(words);
  });

  test.for([
    ['get vm', 'yes'],
    ['list nodes', 'yes'],
    ['delete nodes', 'no'],
    ['create pods', 'no'],
    ['update virtualmachines.subresources.kubevirt.io --subresource=start', 'yes'],
    ['update virtualmachines.subresources.kubevirt.io --subresource=migrate', 'no'],
    ['get /healthz', 'yes'],
    ['get /nothing', 'no'],
  ] as const)('auth can-i %s: %s', async ([what, answer]) => {
    const { stdout } = await kubectl.run(['auth', 'can-i', ...what.split(' ')]);
    expect(stdout.split(' ')[0]).toBe(answer);
  });

  test('auth can-i --list tells all that is served', async () => {
    const list = await kubectl.ok(['auth', 'can-i', '--list']);
    expect(list).toMatch(/^virtualmachines\.kubevirt\.io .*\[.*get list .*watch/m);
  });
});
