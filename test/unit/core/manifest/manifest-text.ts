/**
 * Builds manifests for tests from their interesting part. JSON is YAML, so the text is one line of it.
 */
import { parseManifests } from '../../../../src/core/manifest/parse.ts';
import type { ParsedDocument } from '../../../../src/core/manifest/parsed.ts';
import type { InstanceSpec } from '../../../../src/core/model/virtual-machine.ts';

type Values = { readonly [field: string]: unknown };

export interface Parts {
  /** `spec.template.spec` */
  readonly instance?: Values;
  readonly domain?: Values;
  readonly devices?: Values;
  readonly annotations?: Values;
  readonly templateAnnotations?: Values;
}

export function manifestText(parts: Parts): string {
  const { instance, domain, devices, annotations, templateAnnotations } = parts;
  return JSON.stringify({
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name: 'vm', annotations },
    spec: {
      runStrategy: 'Always',
      template: {
        metadata: { annotations: templateAnnotations },
        spec: { ...instance, domain: { ...domain, devices: { ...devices } } },
      },
    },
  });
}

/** The only document of a text. */
export function onlyDocument(text: string): ParsedDocument {
  const { documents } = parseManifests(text);
  const document = documents[0];
  if (document === undefined || documents.length > 1)
    throw new Error(`expected one document, found ${documents.length}`);
  return document;
}

/** The instance of a valid manifest; fails with its problems when it is not valid. */
export function instanceOf(parts: Parts): InstanceSpec {
  const { vm, problems } = onlyDocument(manifestText(parts));
  if (vm === undefined) throw new Error(problems.map((problem) => problem.message).join('\n'));
  return vm.template.spec;
}

/** `code path` of every problem. */
export function problemsOf(parts: Parts): readonly string[] {
  const { problems } = onlyDocument(manifestText(parts));
  return problems.map(({ code, path }) => `${code} ${path}`);
}
