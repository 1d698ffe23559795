/**
 * A subscription to the alarms for each address of `alarm-mail`; for each of the policy file's admins where it is empty.
 * And the key that the topic is encrypted with, where `alarm-key` names one: docs/adr/0015.
 */
module.exports = async ({ resolveVariable }) => {
  const given = await resolveVariable('param:alarm-mail');
  const admins = given ? given.split(',') : await resolveVariable("file(curfew.yml):admins, ''");
  const addresses = [admins].flat().map((address) => address.trim());
  const subscriptions = addresses
    .filter(Boolean)
    .map((Endpoint, i) => [
      `AlarmMail${i + 1}`,
      { Type: 'AWS::SNS::Subscription', Properties: { TopicArn: { Ref: 'Alarms' }, Protocol: 'email', Endpoint } },
    ]);
  const key = await resolveVariable('param:alarm-key');
  const topic = key ? { Alarms: { Properties: { KmsMasterKeyId: key } } } : {};
  return { Resources: { ...Object.fromEntries(subscriptions), ...topic } };
};
