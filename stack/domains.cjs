/** The ARNs of what is in the domains that `domains` names, for roles: one for each id. */
const arnsOf =
  (type, more) =>
  async ({ resolveVariable }) => {
    const ids = String(await resolveVariable('param:domains')).split(',');
    return ids.map((text) => {
      const id = text.trim();
      if (!/^(\*|d-[a-zA-Z0-9-]{1,61})$/.test(id))
        throw new Error(`domains: "${id}" is no domain's id, such as d-abcdefghijkl`);
      return { 'Fn::Sub': `arn:\${AWS::Partition}:sagemaker:\${AWS::Region}:\${AWS::AccountId}:${type}/${id}${more}` };
    });
  };

module.exports = { apps: arnsOf('app', '/*'), profiles: arnsOf('user-profile', '/*'), domains: arnsOf('domain', '') };
