// What relay-compiler compiles: connections, fetching again by id, unions and live activity, as an app's
// screens have them.
import { graphql } from "relay-runtime";

graphql`
  query queriesHomeQuery {
    me {
      id
      number
      balance { available pending }
      ...queriesHistory
      ...queriesRewards
    }
    programme { name rewards { ...queriesReward } }
  }
`;

graphql`
  fragment queriesHistory on Member
  @refetchable(queryName: "queriesHistoryPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 7 }, cursor: { type: "String" }) {
    pointHistory(first: $count, after: $cursor) @connection(key: "queries_pointHistory") {
      edges { node { id amount title entryKind purchase { id total } } }
    }
  }
`;

graphql`
  fragment queriesRewards on Member
  @refetchable(queryName: "queriesRewardsPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    rewards(first: $count, after: $cursor) @connection(key: "queries_rewards") {
      edges { node { id rewardState missing locks { reason message } reward { ...queriesReward } } }
    }
  }
`;

graphql`
  fragment queriesReward on Reward @refetchable(queryName: "queriesRewardQuery") {
    id
    title
    cost { wallet amount }
  }
`;

graphql`
  fragment queriesWallet on Wallet @refetchable(queryName: "queriesWalletQuery") {
    available
    pending
  }
`;

graphql`
  fragment queriesTier on TierProgress @refetchable(queryName: "queriesTierQuery") {
    qualifying
    current { code }
  }
`;

graphql`
  fragment queriesBadge on BadgeProgress @refetchable(queryName: "queriesBadgeQuery") {
    progress
    badge { code }
  }
`;

graphql`
  fragment queriesMemberReward on MemberReward @refetchable(queryName: "queriesMemberRewardQuery") {
    missing
    rewardState
  }
`;

graphql`
  query queriesStandingQuery {
    me {
      balance { id ...queriesWallet }
      tier { id ...queriesTier }
      badges { id ...queriesBadge }
      rewards(first: 1) { edges { node { id ...queriesMemberReward } } }
    }
  }
`;

graphql`
  fragment queriesInbox on Member
  @refetchable(queryName: "queriesInboxPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    messages(first: $count, after: $cursor) @connection(key: "queries_messages") {
      unread
      edges { node { id title body readAt link } }
    }
  }
`;

graphql`
  query queriesInboxQuery { me { activityCursor ...queriesInbox vouchers(first: 5, state: ISSUED) { edges { node { ...queriesVoucher } } } } }
`;

graphql`
  fragment queriesVoucher on Voucher @refetchable(queryName: "queriesVoucherQuery") {
    title
    voucherState
    code
    qr(format: SVG, size: 300) { mediaType data }
  }
`;

graphql`
  query queriesNodesQuery($ids: [ID!]!) {
    nodes(ids: $ids) { __typename id ... on PointEntry { amount } ... on Reward { title } ... on Voucher { voucherState } }
  }
`;

graphql`
  mutation queriesRedeemMutation($input: RedeemRewardInput!) {
    redeemReward(input: $input) {
      __typename
      ... on RewardRedeemed { voucher { ...queriesVoucher } wallets { available pending } }
      ... on RewardLocked { missing locks { reason message } }
      ... on Problem { message }
    }
  }
`;

graphql`
  subscription queriesLiveSubscription($after: String) {
    memberActivity(after: $after) {
      cursor
      activity {
        __typename
        ... on BalanceChanged { wallets { available pending } entries { id amount } }
        ... on RewardUnlocked { reward { rewardState reward { ...queriesReward } } }
        ... on BadgeEarned { badge { level badge { name } } }
        ... on TierChanged { from { name } to { name } tier { current { name } } }
        ... on VoucherIssued { voucher { ...queriesVoucher } }
        ... on VoucherUsed { voucher { ...queriesVoucher } }
        ... on MessageReceived { unread message { title } }
      }
      member { balance { ...queriesWallet } tier { ...queriesTier } badges { ...queriesBadge } }
    }
  }
`;
