import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResourceTagMapping } from '@aws-sdk/client-resource-groups-tagging-api';
import type { AppDetails, DomainDetails, SpaceDetails } from '@aws-sdk/client-sagemaker';
import type { Fleet } from '../../application/ports.ts';
import { PortError } from '../../application/ports.ts';
import type { Needs, Part, Picture } from '../../domain/picture.ts';
import { emptyPicture, spaceKey } from '../../domain/picture.ts';
import { readApp, readSpace } from '../sagemaker/rows.ts';
import { addTags } from '../sagemaker/tags.ts';
import { parseJsonDocuments } from './json-documents.ts';

/** What the AWS CLI prints: one page with its token, or all pages merged into one without. */
interface Page {
  Apps?: AppDetails[];
  Spaces?: SpaceDetails[];
  Domains?: DomainDetails[];
  ResourceTagMappingList?: ResourceTagMapping[];
  NextToken?: string | null;
  PaginationToken?: string | null;
}

const COMMANDS: Record<Part, string> = {
  apps: 'aws sagemaker list-apps',
  spaces: 'aws sagemaker list-spaces',
  domains: 'aws sagemaker list-domains',
  tags: 'aws resourcegroupstaggingapi get-resources',
};

/**
 * A fleet as saved files tell it: every `*.json` in a folder is read, and known by what is in it. It can be looked at,
 * and nothing else.
 * @throws PortError where the folder or a file cannot be read
 */
export async function savedFleet(folder: string): Promise<Fleet> {
  const pages = await readPages(folder);
  const never = async () => {
    throw new PortError('refused', 'SavedFleet', 'a saved fleet can only be looked at');
  };
  return {
    stop: never,
    find: never,
    ssoUserName: never,
    async look(place, needs) {
      const picture = emptyPicture(place);
      for (const page of pages) {
        for (const row of rowsOf<AppDetails>(page, 'Apps')) readApp(dated(row, row.AppName), place, picture);
        for (const row of rowsOf<SpaceDetails>(page, 'Spaces')) addSpace(row, picture);
        for (const { DomainId, DomainName } of rowsOf<DomainDetails>(page, 'Domains')) {
          if (DomainId && DomainName) picture.domains.set(DomainId, DomainName);
        }
        for (const { ResourceARN, Tags } of rowsOf<ResourceTagMapping>(page, 'ResourceTagMappingList')) {
          addTags(ResourceARN, Tags, needs.tagKeys, picture.tags);
        }
      }
      picture.missing = missingParts(pages, needs).map((part) => ({
        part,
        why: `no whole output of \`${COMMANDS[part]}\` in ${folder}`,
      }));
      return picture;
    },
  };
}

async function readPages(folder: string): Promise<Page[]> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new PortError('refused', 'SavedFleet', why, { cause });
  };
  const names = await readdir(folder).catch((error) =>
    refuse(`${folder} cannot be read: ${error.code === 'ENOENT' ? 'there is no such folder' : error.message}`, error),
  );
  const files = names.filter((name) => name.endsWith('.json')).sort();
  if (files.length === 0) refuse(`${folder} holds no .json file; save the output of \`${COMMANDS.apps}\` there`);
  const pages = await Promise.all(
    files.map(async (name) => {
      const text = decode(await readFile(join(folder, name)));
      try {
        return parseJsonDocuments(text) as Page[];
      } catch (error) {
        return refuse(`${join(folder, name)} is not JSON: ${(error as Error).message}`, error);
      }
    }),
  );
  const known = pages.flat().filter((page) => page && typeof page === 'object');
  if (!known.some(({ Apps }) => Array.isArray(Apps)))
    refuse(`${folder} holds no output of \`${COMMANDS.apps}\` (a JSON object with "Apps")`);
  return known;
}

/** PowerShell writes UTF-16, and Windows marks the start of each file that it joins. */
function decode(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return bytes.toString(isUtf16 ? 'utf16le' : 'utf8').replaceAll('\uFEFF', '');
}

/** A page's list, each row an object. */
function rowsOf<T extends object>(page: Page, member: keyof Page): T[] {
  const rows: unknown = page[member] ?? [];
  const isRow = (row: unknown) => typeof row === 'object' && row !== null && !Array.isArray(row);
  if (Array.isArray(rows) && rows.every(isRow)) return rows;
  throw new PortError(
    'refused',
    'SavedFleet',
    `"${member}" is no list of objects, as the AWS CLI prints it: ${JSON.stringify(rows).slice(0, 60)}`,
  );
}

/** The CLI prints dates as ISO 8601, its older version as seconds. */
function dated<T extends AppDetails | SpaceDetails>(row: T, name: string | undefined): T {
  const { CreationTime: raw } = row as { CreationTime?: unknown } as { CreationTime?: string | number };
  if (raw === undefined || raw === null) return row;
  const at = new Date(typeof raw === 'number' ? raw * 1000 : raw);
  if (!Number.isNaN(at.getTime())) return { ...row, CreationTime: at };
  throw new PortError('refused', 'SavedFleet', `CreationTime of ${name} is no date: ${JSON.stringify(raw)}`);
}

function addSpace(row: SpaceDetails, picture: Picture): void {
  const space = readSpace(dated(row, row.SpaceName));
  if (space) picture.spaces.set(spaceKey(space), space);
}

const MEMBERS: Record<Part, keyof Page> = {
  apps: 'Apps',
  spaces: 'Spaces',
  domains: 'Domains',
  tags: 'ResourceTagMappingList',
};

/** Parts that are needed and not there, or whose every page names a next one: the last page has no token. */
function missingParts(pages: Page[], needs: Needs): Part[] {
  const needed: Part[] = [
    'apps',
    'spaces',
    ...(needs.tagKeys.length > 0 ? ['tags' as const] : []),
    ...(needs.domainNames ? ['domains' as const] : []),
  ];
  return needed.filter(
    (part) => !pages.some((page) => Array.isArray(page[MEMBERS[part]]) && !page.NextToken && !page.PaginationToken),
  );
}
