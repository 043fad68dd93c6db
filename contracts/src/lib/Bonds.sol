// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Wei at stake in a block and in the registry of validators: about what resolving a quarrel costs.
library Bonds {
    /// Of a participant, from its part until the block is over.
    uint96 internal constant PART = 0.01 ether;
    /// Of a validator, from its commit until the block is over.
    uint96 internal constant SEAT = 0.01 ether;
    /// What a seat loses of it that committed and did not reveal: burnt, so that nobody gains by it.
    uint96 internal constant SILENCE = SEAT / 10;
    /// Of a participant that reveals a result of its own.
    uint96 internal constant OWN_RESULT = 0.01 ether;
    /// Of who accuses a result, for each.
    uint96 internal constant ACCUSATION = 0.01 ether;
    /// Of who questions a part, for each question.
    uint96 internal constant QUESTION = 0.01 ether;
    /// Of a validator's stake, as far as it has so much unlocked, from when it is drawn for a panel until
    /// that has decided.
    uint96 internal constant PANEL_SEAT = 0.01 ether;
    /// What a validator loses of it that was drawn and did not reveal.
    uint96 internal constant PANEL_SILENCE = PANEL_SEAT / 10;
    /// What each validator gets that revealed. The bond of a part pays all that the three sizes of a panel
    /// can have: (7 + 15 + 31) x PANEL_PAY is below PART, and below QUESTION.
    uint96 internal constant PANEL_PAY = 0.00015 ether;
    /// What a validator must have at stake to be listed.
    uint96 internal constant STAKE_MIN = 0.1 ether;
    /// How long a stake that is announced to leave still vouches.
    uint256 internal constant UNBONDING = 90 days;
    /// Nobody has its key: what is burnt is credited to it and stays in the Vault.
    address internal constant BURN = address(0xdEaD);
}
