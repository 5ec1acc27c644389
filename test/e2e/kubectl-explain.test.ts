/** `kubectl` reads the OpenAPI documents: to explain fields, and to check files before they are sent. */
import { Ajv, type ValidateFunction } from 'ajv';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { Kubectl } from './kubectl.ts';
import { tinyVm } from './manifests.ts';

let world: World;
let kubectl: Kubectl;
beforeAll(async () => {
  world = await World.start();
  kubectl = await Kubectl.on(world);
  world.write('web', tinyVm('web', { strategy: 'Always' }));
  await world.untilStatus('web', 'Running');
});
afterAll(async () => {
  await kubectl[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

/** Versions break lines and name types differently. */
async function explain(...args: readonly string[]): Promise<string> {
  return (await kubectl.ok(['explain', ...args])).replaceAll(/\s+/g, ' ');
}

test('a field with its type and meaning', async () => {
  const said = await explain('vm.spec.template.spec.domain');
  expect(said).toMatch(/KIND: VirtualMachine/);
  expect(said).toContain('What a reboot of the guest does.');
  expect(said).toMatch(/devices <(Object|Devices)> -required-/);
  expect(await explain('vm.spec.runStrategy')).toContain('When the VM is to run.');
});

test('everything below a field', async () => {
  const said = await explain('vm', '--recursive');
  expect(said).toContain('terminationGracePeriodSeconds <integer>');
  expect(said).toContain('runHistory <[]');
});

test('the older version, instances and events', async () => {
  const older = await explain('vm.spec', '--api-version=kubevirt.io/v1alpha3');
  expect(older).toContain('runStrategy <string>');
  expect(await explain('vmi.status')).toContain('phaseTransitionTimestamps');
  expect(await explain('event.involvedObject')).toContain('The object that it happened to.');
});

test('a field that is not there', async () => {
  const { code, stderr } = await kubectl.run(['explain', 'vm.spec.instancetype']);
  expect(code).not.toBe(0);
  expect(stderr).toContain('field "instancetype" does not exist');
});

test('a file with a field that is not there is refused, by kubectl itself or by the daemon', async () => {
  const wrong = tinyVm('new', { strategy: 'Halted' }).replace('runStrategy:', 'runStratgy:');
  const { code, stderr } = await kubectl.run(['apply', '-f', '-'], wrong);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/unknown field "(spec\.)?runStratgy"/);
});

test('a document is not sent twice, and is found by the name of its contents', async () => {
  const read = (path: string, headers = {}): Promise<Response> =>
    fetch(`${kubectl.url}${path}`, { headers });
  const index = (await (await read('/openapi/v3')).json()) as {
    paths: Record<string, { serverRelativeURL: string }>;
  };
  const url = index.paths['apis/kubevirt.io/v1']?.serverRelativeURL ?? '';
  const first = await read(url);
  expect(first.status).toBe(200);
  expect(first.headers.get('cache-control')).toContain('immutable');
  const etag = first.headers.get('etag') ?? '';
  const again = await read(url, { 'if-none-match': etag });
  expect([again.status, await again.text()]).toEqual([304, '']);
  const swagger = await read('/openapi/v2', {
    accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  });
  expect(swagger.headers.get('content-type')).toContain('protobuf');
  expect((await read('/openapi/v3/apis/apps/v1')).status).toBe(404);
});

test('objects are as the documents say, to the last field', async () => {
  const isValid = await strictValidators('apis/kubevirt.io/v1');
  for (const kind of ['VirtualMachine', 'VirtualMachineInstance']) {
    const object: unknown = JSON.parse(await kubectl.ok(['get', kind, 'web', '-o', 'json']));
    const validate = isValid(kind);
    validate(object);
    expect(validate.errors ?? []).toEqual([]);
    const list: unknown = JSON.parse(
      await kubectl.ok(['get', '--raw', `/apis/kubevirt.io/v1/${kind.toLowerCase()}s`]),
    );
    const validateList = isValid(`${kind}List`);
    validateList(list);
    expect(validateList.errors ?? []).toEqual([]);
  }
});

/** Validators for the kinds of a document, which take no field that it does not have. */
async function strictValidators(part: string): Promise<(kind: string) => ValidateFunction> {
  const { components } = (await (await fetch(`${kubectl.url}/openapi/v3/${part}`)).json()) as {
    components: { schemas: Record<string, { properties?: object }> };
  };
  const schemas = Object.fromEntries(
    Object.entries(components.schemas).map(([name, schema]) => [
      name,
      schema.properties === undefined ? schema : { ...schema, additionalProperties: false },
    ]),
  );
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
  return (kind) =>
    ajv.compile({
      components: { schemas },
      $ref: `#/components/schemas/io.kubevirt.v1.${kind}`,
    });
}
