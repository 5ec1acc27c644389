/** Creating, changing and deleting VMs over the socket: what is answered, and what the files and guests look like then. */
import { existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import { parseManifests } from '../../src/core/manifest/parse.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';

const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';
const VMIS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

/** An object as a client would build it. */
function vmObject(name: string, strategy = 'Halted'): Record<string, unknown> & VmObject {
  const text = tinyVm(name, { strategy: 'Halted', grace: 5 }).replace('Halted', strategy);
  const { manifest } = parseManifests(text.replace(strategy, 'Halted')).documents[0]?.vm ?? {};
  const copy = structuredClone(manifest) as unknown as Record<string, unknown> & VmObject;
  (copy.spec as Record<string, unknown>)['runStrategy'] = strategy;
  return copy;
}

interface Sent {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever the API answers
  readonly body: any;
  readonly text: string;
  readonly warnings: readonly string[];
  readonly etag: string | undefined;
}

function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const { promise, resolve, reject } = Promise.withResolvers<Sent>();
  const payload =
    body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body);
  // Stated, because a DELETE has no body otherwise.
  const length = { 'content-length': String(Buffer.byteLength(payload)) };
  const type = { 'content-type': 'application/json', ...length, ...headers };
  const outgoing = request({ socketPath: world.socket, method, path, headers: type }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    answer.on('end', () => {
      const isJson = answer.headers['content-type']?.startsWith('application/json') === true;
      const found = answer.rawHeaders.flatMap((name, index) =>
        name.toLowerCase() === 'warning' ? [answer.rawHeaders[index + 1] ?? ''] : [],
      );
      const parsed: unknown = isJson ? JSON.parse(text) : undefined;
      const { etag } = answer.headers;
      resolve({ code: answer.statusCode ?? 0, body: parsed, text, warnings: found, etag });
    });
  });
  outgoing.on('error', reject);
  outgoing.end(payload);
  return promise;
}

const merge = { 'content-type': 'application/merge-patch+json' };
const jsonPatch = { 'content-type': 'application/json-patch+json' };

describe('POST', () => {
  test('writes a file that reads well and answers with the object in force', async () => {
    const { code, body } = await send('POST', VMS, {
      ...vmObject('made'),
      status: { created: true },
      metadata: {
        name: 'made',
        labels: { app: 'x' },
        uid: 'mine',
        resourceVersion: '1',
        creationTimestamp: null,
        generation: 7,
        managedFields: [],
      },
    });
    expect([code, body.metadata.generation, body.spec.runStrategy]).toEqual([201, 1, 'Halted']);
    expect(body.metadata.uid).not.toBe('mine');
    expect(world.read('made')).toMatch(
      /^apiVersion: kubevirt.io\/v1\nkind: VirtualMachine\nmetadata:\n {2}name: made\n {2}labels:\n {4}app: x\nspec:\n {2}runStrategy: Halted\n/,
    );
    expect(world.read('made')).not.toMatch(/uid|resourceVersion|generation|managed|status|null/);
    const seen = await world.vm('made');
    expect(seen.metadata).toEqual(body.metadata);
    expect(seen.status.file).toBe(world.file('made'));
  });

  test('of a name that is there is refused, and of another namespace is not', async () => {
    world.write('there', tinyVm('there', { strategy: 'Halted' }));
    await world.untilStatus('there', 'Stopped');
    const text = world.read('there');
    const again = await send('POST', VMS, vmObject('there'));
    expect([again.code, again.body.reason, again.body.message]).toEqual([
      409,
      'AlreadyExists',
      'virtualmachines.kubevirt.io "there" already exists',
    ]);
    expect(world.read('there')).toBe(text);
    const other = await send('POST', VMS.replace('default', 'shop'), vmObject('there'));
    expect([other.code, other.body.metadata.namespace]).toEqual([201, 'shop']);
    expect(world.read('shop.there')).toContain('  namespace: shop\n');
    const wrong = { ...vmObject('n'), metadata: { name: 'n', namespace: 'shop' } };
    expect((await send('POST', VMS, wrong)).code).toBe(400);
  });

  test('takes no file that is not its own', async () => {
    writeFileSync(world.file('taken'), tinyVm('other', { strategy: 'Halted' }));
    await world.untilStatus('other', 'Stopped');
    expect((await send('POST', VMS, vmObject('taken'))).code).toBe(201);
    expect(world.read('taken')).toContain('name: other');
    expect(world.read('default.taken')).toContain('name: taken');
  });

  test('makes up names', async () => {
    const body = { ...vmObject('x'), metadata: { generateName: 'web-' } };
    const made = await send('POST', VMS, body);
    expect([made.code, made.body.metadata.name]).toEqual([
      201,
      expect.stringMatching(/^web-\w{5}$/),
    ]);
    expect(world.read(made.body.metadata.name)).not.toContain('generateName');
    const nameless = await send('POST', VMS, { ...vmObject('x'), metadata: {} });
    expect([nameless.code, nameless.body.details.causes[0].field]).toEqual([422, 'metadata.name']);
  });

  test('in YAML keeps the comments', async () => {
    const text = tinyVm('commented', { strategy: 'Halted' });
    const yaml = { 'content-type': 'application/yaml' };
    expect((await send('POST', VMS, text, yaml)).code).toBe(201);
    expect(world.read('commented')).toBe(text);
    const bad = await send('POST', VMS, 'a: b: c', yaml);
    expect([bad.code, bad.body.message]).toEqual([400, expect.stringContaining('line 1, column')]);
  });

  test('of two at once is done once', async () => {
    const both = await Promise.all([1, 2, 3].map(() => send('POST', VMS, vmObject('once'))));
    expect(both.map(({ code }) => code).sort()).toEqual([201, 409, 409]);
  });

  test('under dryRun checks all and writes nothing', async () => {
    const { code, body } = await send('POST', `${VMS}?dryRun=All`, vmObject('dry'));
    expect([code, body.metadata.name, body.spec.runStrategy]).toEqual([201, 'dry', 'Halted']);
    expect(existsSync(world.file('dry'))).toBe(false);
    expect((await send('GET', `${VMS}/dry`)).code).toBe(404);
    expect((await send('POST', `${VMS}?dryRun=All`, vmObject('made'))).code).toBe(409);
    expect((await send('POST', `${VMS}?dryRun=Some`, vmObject('dry'))).code).toBe(400);
  });

  test.each<[string, (vm: Record<string, Record<string, unknown>>) => void, readonly object[]]>([
    [
      'both run fields',
      (vm) => Object.assign(vm['spec'] ?? {}, { running: true }),
      [
        {
          reason: 'FieldValueInvalid',
          field: 'spec.running',
          message: expect.stringMatching(/^Running and RunStrategy are mutually exclusive/),
        },
      ],
    ],
    [
      'no run field',
      (vm) => delete vm['spec']?.['runStrategy'],
      [
        {
          reason: 'FieldValueInvalid',
          field: 'spec.running',
          message: expect.stringMatching(/^RunStrategy must be specified/),
        },
      ],
    ],
    [
      'an unknown run strategy',
      (vm) => Object.assign(vm['spec'] ?? {}, { runStrategy: 'Sometimes' }),
      [
        {
          reason: 'FieldValueInvalid',
          field: 'spec.runStrategy',
          message: expect.stringMatching(/^Invalid RunStrategy \(Sometimes\)/),
        },
      ],
    ],
    [
      'no template',
      (vm) => delete vm['spec']?.['template'],
      [{ reason: 'FieldValueRequired', field: 'spec.template', message: expect.any(String) }],
    ],
    [
      'what solovirt cannot honour',
      (vm) => Object.assign(vm['spec'] ?? {}, { instancetype: { name: 'x' } }),
      [
        {
          reason: 'FieldValueNotSupported',
          field: 'spec.instancetype',
          message: expect.any(String),
        },
      ],
    ],
    [
      'a bad name',
      (vm) => Object.assign(vm['metadata'] ?? {}, { name: 'Bad_Name' }),
      [{ reason: 'FieldValueInvalid', field: 'metadata.name', message: expect.any(String) }],
    ],
  ])('of a VM with %s is refused as KubeVirt does', async (_, change, causes) => {
    const vm = vmObject('invalid');
    change(vm as unknown as Record<string, Record<string, unknown>>);
    const before = readdirSync(world.vms);
    const { code, body } = await send('POST', VMS, vm);
    expect([code, body.reason, body.details.causes]).toEqual([422, 'Invalid', causes]);
    expect(body.message).toMatch(
      /^admission webhook "virtualmachine-validator.kubevirt.io" denied/,
    );
    expect(readdirSync(world.vms)).toEqual(before);
  });

  test('follows the field validation that was asked for', async () => {
    const odd = { ...vmObject('odd'), foo: 1 };
    Object.assign(odd.spec, { bar: { baz: 1 }, running: undefined });
    const strict = await send('POST', `${VMS}?fieldValidation=Strict`, odd);
    expect([strict.code, strict.body.reason, strict.body.message]).toEqual([
      400,
      'BadRequest',
      'VirtualMachine in version "v1" cannot be handled as a VirtualMachine: strict decoding error: unknown field "spec.bar", unknown field "foo"',
    ]);
    const warn = await send('POST', `${VMS}?dryRun=All`, odd);
    expect([warn.code, warn.warnings]).toEqual([
      201,
      ['299 - "unknown field \\"spec.bar\\""', '299 - "unknown field \\"foo\\""'],
    ]);
    const ignore = await send('POST', `${VMS}?fieldValidation=Ignore`, odd);
    expect([ignore.code, ignore.warnings]).toEqual([201, []]);
    expect(world.read('odd')).not.toMatch(/foo|bar/);
    const twice = JSON.stringify(vmObject('twice')).replace(
      '"spec":{',
      '"spec":{"runStrategy":"Once",',
    );
    const refused = await send('POST', `${VMS}?fieldValidation=Strict`, twice);
    expect([refused.code, refused.body.message]).toEqual([
      400,
      expect.stringContaining('strict decoding error: duplicate field "spec.runStrategy"'),
    ]);
    const running = vmObject('running-twin');
    Object.assign(running.spec, { running: false });
    delete (running.spec as Record<string, unknown>)['runStrategy'];
    const old = await send('POST', VMS, running);
    expect([old.code, old.warnings.join()]).toEqual([201, expect.stringContaining('deprecated')]);
  });

  test('of what is no VirtualMachine of this version is refused', async () => {
    const post = (body: unknown, headers = {}): Promise<Sent> => send('POST', VMS, body, headers);
    expect((await post({ ...vmObject('x'), kind: 'Pod' })).code).toBe(400);
    expect((await post({ ...vmObject('x'), apiVersion: 'kubevirt.io/v2' })).code).toBe(400);
    expect((await post([])).code).toBe(400);
    expect((await post(`${'['.repeat(5000)}${']'.repeat(5000)}`)).code).toBe(413);
    expect((await post('x', { 'content-type': 'application/vnd.kubernetes.protobuf' })).code).toBe(
      415,
    );
    expect((await send('POST', VMIS, {})).body).toMatchObject({
      code: 405,
      message: expect.stringContaining('VirtualMachine'),
    });
  });
});

describe('PUT and PATCH', () => {
  test('change what differs, and that alone', async () => {
    const text = tinyVm('put', { strategy: 'Halted', grace: 5 });
    world.write('put', text);
    const before = await world.untilStatus('put', 'Stopped');
    const same = await send('PUT', `${VMS}/put`, before);
    expect([same.code, same.body.metadata.resourceVersion]).toEqual([
      200,
      before.metadata.resourceVersion,
    ]);
    const next = {
      ...before,
      metadata: { ...before.metadata, labels: { app: 'shop' } },
      spec: { ...before.spec, runStrategy: 'Manual' },
    };
    const done = await send('PUT', `${VMS}/put`, next);
    expect([done.code, done.body.spec.runStrategy, done.body.metadata.generation]).toEqual([
      200,
      'Manual',
      2,
    ]);
    expect(world.read('put')).toBe(
      text
        .replace('runStrategy: Halted #', 'runStrategy: Manual #')
        .replace('name: put\n', 'name: put\n  labels:\n    app: shop\n'),
    );
    expect((await world.vm('put')).metadata).toEqual(done.body.metadata);
    const stale = await send('PUT', `${VMS}/put`, next);
    expect([stale.code, stale.body.reason, stale.body.message]).toEqual([
      409,
      'Conflict',
      'Operation cannot be fulfilled on virtualmachines.kubevirt.io "put": the object has been modified; please apply your changes to the latest version and try again',
    ]);
    const { resourceVersion: _, ...unconditional } = next.metadata;
    expect(
      (await send('PUT', `${VMS}/put`, { ...next, metadata: { ...unconditional, uid: 'other' } }))
        .code,
    ).toBe(409);
    expect(
      (await send('PUT', `${VMS}/put`, { ...next, metadata: { ...unconditional, name: 'b' } }))
        .code,
    ).toBe(400);
    expect((await send('PUT', `${VMS}/put`, { ...next, metadata: unconditional })).code).toBe(200);
    expect((await send('PUT', `${VMS}/nobody`, vmObject('nobody'))).code).toBe(404);
  });

  test('patches of both kinds go into the file', async () => {
    const text = tinyVm('patched', { strategy: 'Halted' });
    world.write('patched', text);
    await world.untilStatus('patched', 'Stopped');
    const path = `${VMS}/patched`;
    const merged = await send('PATCH', path, { metadata: { annotations: { note: 'on' } } }, merge);
    expect([
      merged.code,
      merged.body.metadata.annotations,
      merged.body.metadata.generation,
    ]).toEqual([200, { note: 'on' }, 1]);
    expect(world.read('patched')).toContain('  annotations:\n    note: "on"\n');
    const steps = [
      { op: 'test', path: '/spec/runStrategy', value: 'Halted' },
      { op: 'replace', path: '/spec/runStrategy', value: 'Once' },
      { op: 'remove', path: '/metadata/annotations' },
    ];
    expect(
      (await send('PATCH', `${path}?dryRun=All`, steps, jsonPatch)).body.spec.runStrategy,
    ).toBe('Once');
    expect(world.read('patched')).toContain('runStrategy: Halted');
    const failing = [
      { op: 'replace', path: '/spec/runStrategy', value: 'Once' },
      { op: 'test', path: '/spec/runStrategy', value: 'Halted' },
    ];
    const failed = await send('PATCH', path, failing, jsonPatch);
    expect([failed.code, failed.body.reason]).toEqual([422, 'Invalid']);
    const invalid = await send('PATCH', path, { spec: { runStrategy: 'X' } }, merge);
    expect([invalid.code, invalid.body.details.causes[0].field]).toEqual([422, 'spec.runStrategy']);
    expect((await send('PATCH', path, { metadata: { resourceVersion: '1' } }, merge)).code).toBe(
      409,
    );
    expect(
      (await send('PATCH', path, {}, { 'content-type': 'application/strategic-merge-patch+json' }))
        .body,
    ).toMatchObject({
      code: 415,
      message: expect.stringContaining(
        'accepted media types include: application/json-patch+json, application/merge-patch+json',
      ),
    });
    expect(
      (await send('PATCH', path, '{}', { 'content-type': 'application/apply-patch+yaml' })).body,
    ).toMatchObject({ code: 415, message: expect.stringContaining('--server-side') });
    expect((await send('PATCH', path, steps.slice(0, 1), jsonPatch)).code).toBe(200);
    expect(
      (await send('PATCH', path, [{ op: 'remove', path: '/metadata/annotations' }], jsonPatch))
        .code,
    ).toBe(200);
    expect(world.read('patched')).toBe(text);
  });

  test('the older version is shown and taken at its own path, and the file keeps its own', async () => {
    const text = tinyVm('old', { strategy: 'Halted' }).replace(
      'kubevirt.io/v1',
      'kubevirt.io/v1alpha3',
    );
    world.write('old', text);
    await world.untilStatus('old', 'Stopped');
    const path = VMS.replace('/v1/', '/v1alpha3/');
    const seen = await send('GET', `${path}/old`);
    expect(seen.body.apiVersion).toBe('kubevirt.io/v1alpha3');
    expect((await send('PUT', `${path}/old`, seen.body)).code).toBe(200);
    expect((await send('PUT', `${VMS}/old`, seen.body)).code).toBe(400);
    expect(
      (await send('PATCH', `${VMS}/old`, { spec: { runStrategy: 'Manual' } }, merge)).code,
    ).toBe(200);
    expect(world.read('old')).toBe(text.replace('Halted', 'Manual'));
  });

  test('concurrent changes of the VMs of one file are all made', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const one = (name: string): string => tinyVm(`many-${name}`, { strategy: 'Halted' });
    world.write('many', names.map(one).join('---\n'));
    await Promise.all(names.map((name) => world.untilStatus(`many-${name}`, 'Stopped')));
    const label = (name: string, key: string): Promise<Sent> =>
      send('PATCH', `${VMS}/many-${name}`, { metadata: { labels: { [key]: name } } }, merge);
    const answers = await Promise.all(
      names.flatMap((name) => ['x', 'y'].map((key) => label(name, key))),
    );
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 200));
    const parsed = parseManifests(world.read('many')).documents;
    expect(parsed.map(({ vm }) => vm?.labels)).toEqual(names.map((name) => ({ x: name, y: name })));
    expect((await send('DELETE', `${VMS}/many-b`)).code).toBe(200);
    const rest = names.filter((name) => name !== 'b');
    const left = parseManifests(world.read('many')).documents;
    expect(left.map(({ vm }) => vm?.name)).toEqual(rest.map((name) => `many-${name}`));
    const gone = await Promise.all(rest.map((name) => send('DELETE', `${VMS}/many-${name}`)));
    expect(gone.map(({ code }) => code)).toEqual([200, 200, 200]);
    expect(existsSync(world.file('many'))).toBe(false);
  });

  test('a link is followed, and stays one', async () => {
    const target = join(world.dir, 'elsewhere.yaml');
    writeFileSync(target, tinyVm('linked', { strategy: 'Halted' }));
    symlinkSync(target, world.file('linked'));
    await world.untilStatus('linked', 'Stopped');
    expect(
      (await send('PATCH', `${VMS}/linked`, { spec: { runStrategy: 'Once' } }, merge)).code,
    ).toBe(200);
    expect((await send('DELETE', `${VMS}/linked`)).code).toBe(200);
    expect(existsSync(world.file('linked'))).toBe(false);
    expect(existsSync(target)).toBe(true);
  });

  test('a file that is broken at present is not changed, but its VM can be deleted', async () => {
    world.write('broken', tinyVm('broken', { strategy: 'Halted' }));
    await world.untilStatus('broken', 'Stopped');
    world.write(
      'broken',
      tinyVm('broken', { strategy: 'Halted' }).replace('guest: 16Mi', 'guest: much'),
    );
    await world.until('broken', 'has problems', (vm) => (vm?.status.problems?.length ?? 0) > 0);
    const refused = await send('PATCH', `${VMS}/broken`, { spec: { runStrategy: 'Once' } }, merge);
    expect([refused.code, refused.body.message]).toEqual([
      409,
      expect.stringMatching(/broken\.yaml:\d+:\d+: /),
    ]);
    expect((await send('DELETE', `${VMS}/broken`)).code).toBe(200);
    expect(existsSync(world.file('broken'))).toBe(false);
    world.write('no-vm', 'kind: VirtualMachine\nnonsense: [');
    await world.until('no-vm.yaml', 'is listed', (vm) => vm !== undefined);
    expect((await send('DELETE', `${VMS}/no-vm.yaml`)).code).toBe(409);
    world.remove('no-vm');
  });

  test('an edit that the daemon has not seen yet is not written over', async () => {
    world.write('raced', tinyVm('raced', { strategy: 'Halted' }));
    await world.untilStatus('raced', 'Stopped');
    world.write('raced', tinyVm('raced', { strategy: 'Halted' }).replace('16Mi', '17Mi'));
    const { code } = await send('PATCH', `${VMS}/raced`, { spec: { runStrategy: 'Once' } }, merge);
    expect(code).toBe(200);
    expect(world.read('raced')).toContain('guest: 17Mi');
    expect(world.read('raced')).toContain('runStrategy: Once');
  });

  test('the status is read at its own path and written nowhere', async () => {
    expect((await send('GET', `${VMS}/put/status`)).body.metadata.name).toBe('put');
    expect((await send('PUT', `${VMS}/put/status`, {})).code).toBe(405);
    expect((await send('PATCH', `${VMS}/put/status`, {}, merge)).code).toBe(405);
  });
});

describe('DELETE', () => {
  test('of a VM that is down leaves nothing', async () => {
    world.write('down', tinyVm('down', { strategy: 'Halted' }));
    const { uid } = (await world.untilStatus('down', 'Stopped')).metadata;
    const refusals = [
      { preconditions: { uid: 'other' } },
      { preconditions: { resourceVersion: '1' } },
      { propagationPolicy: 'Orphan' },
      { gracePeriodSeconds: -2 },
    ];
    for (const body of refusals)
      expect((await send('DELETE', `${VMS}/down`, body)).code).toBeGreaterThanOrEqual(400);
    expect((await send('DELETE', `${VMS}/down?dryRun=All`)).body.metadata.uid).toBe(uid);
    expect(existsSync(world.file('down'))).toBe(true);
    const { code, body } = await send('DELETE', `${VMS}/down`, {
      preconditions: { uid },
      propagationPolicy: 'Foreground',
    });
    expect([code, body.status, body.details]).toEqual([
      200,
      'Success',
      { name: 'down', group: 'kubevirt.io', kind: 'virtualmachines', uid },
    ]);
    expect(existsSync(world.file('down'))).toBe(false);
    expect((await send('GET', `${VMS}/down`)).code).toBe(404);
    expect((await send('DELETE', `${VMS}/down`)).code).toBe(404);
  });

  test('of a VM that runs stops its guest in the time it is given', async () => {
    world.write('deaf', tinyVm('deaf', { strategy: 'Always', guest: 'ignore', grace: 300 }));
    await world.untilStatus('deaf', 'Running');
    const first = await send('DELETE', `${VMS}/deaf`);
    expect([first.code, first.body.metadata.deletionGracePeriodSeconds]).toEqual([200, 300]);
    expect(first.body.metadata.deletionTimestamp).toEqual(expect.any(String));
    expect(first.body.status.printableStatus).toBe('Terminating');
    const again = await send('POST', VMS, vmObject('deaf'));
    expect([again.code, again.body.reason, again.body.message]).toEqual([
      409,
      'AlreadyExists',
      expect.stringContaining('object is being deleted'),
    ]);
    expect((await send('PATCH', `${VMS}/deaf`, {}, merge)).code).toBe(409);
    const second = await send('DELETE', `${VMS}/deaf?gracePeriodSeconds=1`);
    expect([second.code, second.body.metadata.deletionGracePeriodSeconds]).toEqual([200, 1]);
    await world.until('deaf', 'is gone', (vm) => vm === undefined);
    const made = await send('POST', VMS, vmObject('deaf'));
    expect([made.code, made.body.metadata.uid === first.body.metadata.uid]).toEqual([201, false]);
  });

  test('with a grace period is recorded with the stop', async () => {
    world.write('short', tinyVm('short', { strategy: 'Always', guest: 'ignore', grace: 300 }));
    await world.untilStatus('short', 'Running');
    const { body } = await send('DELETE', `${VMS}/short`, { gracePeriodSeconds: 0 });
    if (body.kind === 'VirtualMachine') expect(body.metadata.deletionGracePeriodSeconds).toBe(0);
    await world.until('short', 'is gone', (vm) => vm === undefined);
  });

  test('of an instance leaves the file alone and the strategy decides', async () => {
    for (const strategy of ['Always', 'RerunOnFailure', 'Once'] as const) {
      const name = `vmi-${strategy.toLowerCase()}`;
      world.write(name, tinyVm(name, { strategy, guest: 'obey' }));
      const running = await world.untilStatus(name, 'Running');
      const uid = running.status.instance?.uid;
      const text = world.read(name);
      expect((await send('DELETE', `${VMIS}/${name}`, { preconditions: { uid: 'x' } })).code).toBe(
        409,
      );
      const { code, body } = await send('DELETE', `${VMIS}/${name}?gracePeriodSeconds=0`);
      expect([code, body.kind]).toEqual([200, 'VirtualMachineInstance']);
      if (strategy === 'Always')
        await world.until(
          name,
          'runs anew',
          (vm) => vm?.status.printableStatus === 'Running' && vm.status.instance?.uid !== uid,
        );
      else expect((await world.untilStatus(name, 'Stopped')).status.runHistory).toHaveLength(1);
      expect(world.read(name)).toBe(text);
    }
    expect((await send('DELETE', `${VMIS}/made`)).code).toBe(404);
    expect((await send('DELETE', `${VMIS}/vmi-once`)).code).toBe(409);
  });

  test('of a collection takes those that the selector finds', async () => {
    for (const [name, app] of [
      ['c1', 'store'],
      ['c2', 'store'],
      ['c3', 'bank'],
    ] as const) {
      const vm = vmObject(name);
      await send('POST', VMS, { ...vm, metadata: { name, labels: { app } } });
    }
    const query = '?labelSelector=app%3Dstore';
    expect((await send('DELETE', `${VMS}${query}&dryRun=All`)).body.items).toHaveLength(2);
    const { code, body } = await send('DELETE', `${VMS}${query}`);
    expect([code, body.items.map((vm: VmObject) => vm.metadata.name)]).toEqual([200, ['c1', 'c2']]);
    expect(['c1', 'c2', 'c3'].map((name) => existsSync(world.file(name)))).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe('the text of a document', () => {
  test('is read and put back under its tag', async () => {
    const one = tinyVm('text-a', { strategy: 'Halted' });
    const two = tinyVm('text-b', { strategy: 'Halted' });
    world.write('text', `${one}---\n${two}`);
    await world.untilStatus('text-b', 'Stopped');
    const path = `${VMS}/text-b/manifest`;
    const yaml = { 'content-type': 'text/yaml' };
    const read = await send('GET', path);
    expect([read.code, read.text]).toEqual([200, two]);
    const next = two
      .replace('# the comment stays', '# another comment')
      .replace('Halted', 'Manual');
    const { code, body } = await send('PUT', path, next, { ...yaml, 'if-match': read.etag ?? '' });
    expect([code, body.spec.runStrategy]).toEqual([200, 'Manual']);
    expect(world.read('text')).toBe(`${one}---\n${next}`);
    expect((await send('PUT', path, two, { ...yaml, 'if-match': read.etag ?? '' })).code).toBe(412);
    const bad = await send('PUT', path, next.replace('16Mi', 'x'), yaml);
    expect([bad.code, bad.body.details.causes[0].message]).toEqual([
      422,
      expect.stringMatching(/^line \d+, column \d+: /),
    ]);
    expect((await send('PUT', path, one, yaml)).code).toBe(422);
    expect((await send('PUT', path, `${next}---\n${next}`, yaml)).code).toBe(422);
    expect(world.read('text')).toBe(`${one}---\n${next}`);
  });
});
