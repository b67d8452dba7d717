const CHECKOUT = 'actions/checkout@df4cb1c069e1874edd31b4311f1884172cec0e10 # v6.0.3';
const HEAD = 'on: push\npermissions:\n  contents: read\n';

/** A workflow of one job with these steps. */
const workflow = (steps, { head = HEAD, job = 'timeout-minutes: 5' } = {}) =>
  `${head}jobs:\n  planted:\n    runs-on: ubuntu-24.04\n    ${job}\n    steps:\n${steps.map((step) => `      - ${step}\n`).join('')}`;

/** A workflow, and what must be found wrong with it; undefined: nothing. */
export const CANARY = [
  [workflow(['run: npm run --silent check']), undefined],
  [workflow([`uses: ${CHECKOUT}\n        with:\n          persist-credentials: false`]), undefined],
  [workflow([`uses: ${CHECKOUT}`]), /persist-credentials/],
  [workflow(['uses: actions/checkout@v6\n        with:\n          persist-credentials: false']), /not pinned/],
  [
    workflow([`uses: ${CHECKOUT.replace('df4c', 'af4c')}\n        with:\n          persist-credentials: false`]),
    /does not stand so/,
  ],
  [
    workflow([`uses: ${CHECKOUT.replace('v6.0.3', 'v6.0.2')}\n        with:\n          persist-credentials: false`]),
    /does not stand so/,
  ],
  [workflow(['run: npm run no-such-script']), /no such script/],
  [workflow(['run: echo "${{ github.head_ref }}"']), /by env/],
  [workflow(['run: echo "${{ steps.gone.outputs.what }}"']), /gone/],
  [workflow(['run: echo a'], { job: 'env: {}' }), /timeout-minutes/],
  [workflow(['run: echo a'], { head: 'on: push\n' }), /permissions/],
  [workflow(['run: echo a'], { head: 'on: push\npermissions: write-all\n' }), /permissions/],
  [
    workflow(['run: docker run "$TOOL"'], { job: 'timeout-minutes: 5\n    env:\n      TOOL: semgrep/semgrep:1.178.0' }),
    /digest/,
  ],
  [workflow(['run: echo a'], { job: 'timeout-minutes: 5\n    if: ${{ github.no_such_thing }}' }), /no_such_thing/],
  [workflow(['run: echo a'], { head: `${HEAD}concurency: one\n` }), /concurency/],
];
