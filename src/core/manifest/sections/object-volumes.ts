/**
 * `configMap` and `secret` volumes: a disk with a file for each key. Whether there is such an object only all files
 * together tell, and it may come later, so that a start asks for it and a file does not.
 */
import type { ValueKind } from '../../model/file-object.ts';
import type { DiskSource } from '../../model/storage.ts';
import { MAX_LABEL_LENGTH } from '../../seed/iso9660.ts';
import { DEFAULT_LABEL } from '../../seed/object-disk.ts';
import { quoted } from '../field-path.ts';
import { type Found, flag, text, type ValueOf } from '../fields.ts';
import { checkDnsSubdomain, DNS_SUBDOMAIN } from '../names.ts';
import { object } from '../object-fields.ts';

export const OBJECT_NAME = text(checkDnsSubdomain, { pattern: DNS_SUBDOMAIN });

const LABEL = {
  expression: /^[\x20-\x7e]{1,32}$/,
  rule: `at most ${MAX_LABEL_LENGTH} characters of ASCII`,
};

const MORE = { optional: flag, volumeLabel: text(checkLabel, { pattern: LABEL }) };

export const CONFIG_MAP_VOLUME = object({
  type: 'ConfigMapVolumeSource',
  fields: { name: OBJECT_NAME, ...MORE },
  required: ['name'],
});

export const SECRET_VOLUME = object({
  type: 'SecretVolumeSource',
  fields: { secretName: OBJECT_NAME, ...MORE },
  required: ['secretName'],
});

function checkLabel(label: string): string | undefined {
  return LABEL.expression.test(label)
    ? undefined
    : `${quoted(label)} is not a label: ${LABEL.rule}`;
}

interface Sources {
  readonly configMap?: Found<ValueOf<typeof CONFIG_MAP_VOLUME>>;
  readonly secret?: Found<ValueOf<typeof SECRET_VOLUME>>;
}

/** Undefined when the volume has neither, or one without a valid name, which is reported elsewhere. */
export function resolveObjectVolume({ configMap, secret }: Sources): DiskSource | undefined {
  if (configMap) return objectData('ConfigMap', configMap.value.get.name, configMap.value.get);
  if (secret) return objectData('Secret', secret.value.get.secretName, secret.value.get);
  return undefined;
}

function objectData(
  kind: ValueKind,
  name: Found<string> | undefined,
  {
    optional,
    volumeLabel,
  }: { readonly [K in keyof typeof MORE]?: Found<ValueOf<(typeof MORE)[K]>> },
): DiskSource | undefined {
  if (name === undefined) return undefined;
  return {
    kind: 'objectData',
    object: kind,
    name: name.value,
    label: volumeLabel?.value ?? DEFAULT_LABEL,
    optional: optional?.value ?? false,
  };
}
