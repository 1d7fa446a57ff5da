import type { Catalog } from './catalog.ts';
import { CATALOG } from './define.ts';
import { digicert } from './digicert.ts';
import { dogtag } from './dogtag.ts';
import { signserver } from './signserver.ts';
import { tallystick } from './tallystick.ts';
import { xroad } from './xroad.ts';

/** The catalogs that come with Tallystick, by system. */
export const BUILT_IN: ReadonlyMap<string, Catalog> = new Map(
  [signserver, dogtag, xroad, digicert, tallystick].map(({ [CATALOG]: catalog }) => [
    catalog.system,
    catalog,
  ]),
);

/** The built-in catalog of a system, or null: users name systems of their own. */
export function findCatalog(system: string): Catalog | null {
  return BUILT_IN.get(system) ?? null;
}
