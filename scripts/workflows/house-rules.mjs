// What actionlint does not ask of a workflow.

const PINNED = /^\s*(?:- )?uses: (?<action>[\w.-]+(?:\/[\w.-]+)+)@(?<ref>\S+)(?:\s+# (?<version>\S+))?$/;
const SHA = /^[\da-f]{40}$/;
const DIGEST = /@sha256:[\da-f]{64}$/;
/** What an expression in a shell line may name: what we have written ourselves. Anything else comes by `env`. */
const OWN_VALUES = /^(?:matrix\.[\w-]+)$/;

/**
 * Faults of a workflow or an action. `scripts` are package.json's; `pins` what the list in the documents says, by
 * `action@sha`; `used` collects what is used.
 */
export function findFaults({ path, text, tree }, { scripts, pins, used }) {
  return [
    ...findUnpinned(text, pins, used),
    ...findUnknownScripts(text, scripts),
    ...(path.includes('/workflows/') ? findUnbounded(tree) : []),
    ...stepsOf(tree).flatMap(findInStep),
  ];
}

function findUnpinned(text, pins, used) {
  const faults = [];
  for (const line of text.split('\n')) {
    if (!/^\s*(?:- )?uses:/.test(line) || /uses: \.\//.test(line)) continue;
    const { action, ref, version } = PINNED.exec(line)?.groups ?? {};
    if (action === undefined) faults.push(`cannot be read: ${line.trim()}`);
    else if (!SHA.test(ref)) faults.push(`${action}@${ref} is not pinned by a commit`);
    else if (pins.get(`${nameOf(action)}@${ref}`) !== version)
      faults.push(`${action}@${ref} # ${version} does not stand so in docs/operations/pipelines.md`);
    else used.add(`${nameOf(action)}@${ref}`);
  }
  return faults;
}

/** `github/codeql-action/init` is a part of `github/codeql-action`. */
function nameOf(action) {
  return action.split('/').slice(0, 2).join('/');
}

function findUnknownScripts(text, scripts) {
  const called = [...text.matchAll(/\bnpm run (?:--silent )?"?([\w:-]+)(?<rest>\$\{\{[^}]*\}\})?/g)];
  return called
    .filter(([, name, rest]) =>
      rest === undefined ? scripts[name] === undefined : !Object.keys(scripts).some((known) => known.startsWith(name)),
    )
    .map(([, name]) => `npm run ${name}: package.json has no such script`);
}

function findUnbounded({ permissions, jobs = {} }) {
  const faults = [];
  if (permissions === undefined || Object.values(permissions).includes('write-all') || typeof permissions === 'string')
    faults.push('says no permissions of its own');
  for (const [name, job] of Object.entries(jobs)) {
    if (job.uses === undefined && job['timeout-minutes'] === undefined) faults.push(`${name} has no timeout-minutes`);
    const images = [
      job.container?.image ?? job.container,
      ...Object.values(job.services ?? {}).map(({ image }) => image),
    ];
    // An image that a step runs is named once, in the job's environment.
    for (const image of [...images, ...Object.values(job.env ?? {}).filter(isImage)])
      if (typeof image === 'string' && !DIGEST.test(image))
        faults.push(`${name}: ${image} is not pinned by its digest`);
  }
  return faults;
}

/** `name:tag` or `name@digest`, with a folder before it. */
function isImage(value) {
  return typeof value === 'string' && /^[\w.-]+(?:\/[\w.-]+)+(?::[\w.-]+|@\S+)$/.test(value);
}

function findInStep({ uses, run, with: inputs = {} }) {
  const faults = [];
  if (uses?.startsWith('actions/checkout@') === true && inputs['persist-credentials'] !== false)
    faults.push('a checkout leaves its token behind: persist-credentials: false');
  for (const [, expression] of (run ?? '').matchAll(/\$\{\{\s*(.*?)\s*\}\}/g))
    if (!OWN_VALUES.test(expression)) faults.push(`\${{ ${expression} }} stands in a shell line: give it by env`);
  return faults;
}

function stepsOf({ jobs = {}, runs }) {
  return [...Object.values(jobs).flatMap(({ steps = [] }) => steps), ...(runs?.steps ?? [])];
}
