/** What all objects beside VMs have in common: their metadata. */
import type { FileObject } from '../../model/file-object.ts';
import type { Found, Spot, ValueOf } from '../fields.ts';
import type { SourceMap } from '../source-node.ts';
import { DEFAULT_NAMESPACE, type OBJECT_METADATA, plainTexts } from './metadata.ts';

/** Undefined without a valid name. */
export function headOf(
  metadata: Found<ValueOf<typeof OBJECT_METADATA>> | undefined,
): Pick<FileObject, 'namespace' | 'name' | 'labels' | 'annotations'> | undefined {
  const { name, namespace, labels, annotations } = metadata?.value.get ?? {};
  return (
    name && {
      namespace: namespace?.value ?? DEFAULT_NAMESPACE,
      name: name.value,
      labels: plainTexts(labels),
      annotations: plainTexts(annotations),
    }
  );
}

/** Of the document. */
export function spotOf({ offset }: SourceMap): Spot {
  return { path: '', offset, keyOffset: offset };
}
