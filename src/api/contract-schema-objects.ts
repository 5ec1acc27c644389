/** What Secrets, ConfigMaps and networks look like: as in files, with Kubernetes' metadata. */

import type { Read } from '../core/manifest/fields.ts';
import { CONFIG_MAP, SECRET } from '../core/manifest/sections/file-object.ts';
import { NETWORK_ATTACHMENT_DEFINITION } from '../core/manifest/sections/network-object.ts';
import { objectTypeOf } from '../core/schema/from-readers.ts';
import type { ObjectType, Package } from '../core/schema/schema.ts';
import { OBJECT_META } from './contract-schema-meta.ts';

export const SECRET_TYPE = coreType(SECRET);
export const CONFIG_MAP_TYPE = coreType(CONFIG_MAP);

export const NETWORK_TYPE = coreType(NETWORK_ATTACHMENT_DEFINITION, 'io.cncf.cni.k8s.v1');

function coreType(read: Read<unknown>, name: Package = 'io.k8s.api.core.v1'): ObjectType {
  const type = objectTypeOf(read, { ObjectMeta: OBJECT_META });
  // Clients that check an object by themselves leave it to the server what must be there.
  return { ...type, package: name, required: [] };
}
