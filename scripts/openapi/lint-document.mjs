import { createConfig, lintFromString } from '@redocly/openapi-core';

/** Redocly's recommended rules, but for these. */
const RULES = {
  // Ours, or off with a reason.
  'info-license': 'off', // The product is not licensed to anybody yet (package.json: UNLICENSED).
  'info-license-strict': 'off', // The same.
  'no-ambiguous-paths': 'off', // A prefix of PHP's meets the paths below it: the longer one wins, as in the route table.
  'operation-2xx-response': 'off', // A retired address, and one that only upgrades, have none.
  'no-server-trailing-slash': 'error',
  // Beyond the recommended ones.
  'tag-description': 'error',
  'operation-tag-defined': 'error',
  'no-unused-components': 'error',
  'no-invalid-media-type-examples': { severity: 'error', allowAdditionalProperties: true },
  'no-invalid-schema-examples': 'error',
  'operation-operationId': 'error',
  'operation-4xx-response': 'error',
  'component-name-unique': 'error',
  'no-path-trailing-slash': 'error',
};

/** What is wrong with an OpenAPI document: a sentence each, with its place. */
export async function lintDocument(document, name) {
  const config = await createConfig({ extends: ['recommended'], rules: RULES });
  const problems = await lintFromString({ source: JSON.stringify(document), absoluteRef: `/${name}.json`, config });
  return problems.map(({ severity, ruleId, message, location: [place] }) => {
    return `${severity} ${ruleId} at ${place?.pointer ?? '#'}: ${message}`;
  });
}
