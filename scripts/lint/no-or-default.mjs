// An oxlint plugin of one rule: `value || default` also replaces 0, '' and false; `??` says what is meant.
const LITERALS = new Set(['Literal', 'TemplateLiteral', 'ArrayExpression', 'ObjectExpression']);

const rule = {
  create: (context) => ({
    LogicalExpression(node) {
      if (node.operator !== '||' || !LITERALS.has(node.right.type) || typeof node.right.value === 'boolean') return;
      context.report({ node, message: 'Use ?? for a default: || also replaces 0, an empty string and false' });
    },
  }),
};

// oxlint asks for a default export here.
export default { meta: { name: 'donna' }, rules: { 'no-or-default': rule } };
