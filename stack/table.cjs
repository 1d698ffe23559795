/** The table that the functions work on: the stack's own, or the one that `table` names, which must be of its region and account. */
module.exports.table = async ({ resolveVariable }) => {
  const name = await resolveVariable('param:table');
  if (!name)
    return {
      name: { Ref: 'Table' },
      arn: { 'Fn::GetAtt': ['Table', 'Arn'] },
      owed: { 'Fn::Sub': `\${Table.Arn}/index/owed` },
    };
  if (!/^[\w.-]{3,255}$/.test(name)) throw new Error(`table: "${name}" is no table's name`);
  const arn = `arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/${name}`;
  return { name, arn: { 'Fn::Sub': arn }, owed: { 'Fn::Sub': `${arn}/index/owed` } };
};
