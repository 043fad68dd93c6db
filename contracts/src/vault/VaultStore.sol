// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IVault, Reason, TokenBook} from "../interfaces/IVault.sol";
import {SettlementMath} from "../lib/SettlementMath.sol";
import {TermsCode} from "../channels/TermsCode.sol";

/// Whom the Vault obeys, the balances of tokens, and the look-ups that every act begins with.
abstract contract VaultStore is IVault {
    /// A payee of a channel and what its line is measured in.
    struct Payee {
        bytes32 channelId;
        uint256 index;
        address account;
        /// blockMaxNano in base units.
        uint256 blockMax;
        /// The numbers and the participants: TermsCode.hot.
        ChannelTerms terms;
    }

    /// Of an event that concerns no block.
    uint64 internal constant NO_BLOCK = type(uint64).max;

    address public immutable channels;
    address public immutable blocks;
    address public immutable validatorRegistry;
    address public immutable adjudicator;
    address public immutable questions;
    address public immutable panel;

    mapping(address token => mapping(address account => uint256)) internal balances;

    constructor(
        address channels_,
        address blocks_,
        address validatorRegistry_,
        address adjudicator_,
        address questions_,
        address panel_
    ) {
        channels = channels_;
        blocks = blocks_;
        validatorRegistry = validatorRegistry_;
        adjudicator = adjudicator_;
        questions = questions_;
        panel = panel_;
    }

    function payeeOf(bytes32 channelId, uint256 index) internal view returns (Payee memory one) {
        address place = TermsCode.placeOf(channels, channelId);
        one = payeeIn(channelId, place, index, termsAt(channelId, place));
    }

    /// The payee whose account calls; NotPayee names the place that it would have to be of.
    function callingPayee(bytes32 channelId) internal view returns (Payee memory one) {
        address place = TermsCode.placeOf(channels, channelId);
        ChannelTerms memory terms = termsAt(channelId, place);
        uint256 count = terms.participants.length;
        uint256 index = 0;
        while (index < count && terms.participants[index] != msg.sender) index++;
        if (index == 0 || index == count) revert NotPayee(channelId, index, msg.sender);
        one = payeeIn(channelId, place, index, terms);
    }

    function requirePayer(Payee memory one) internal view {
        if (msg.sender != one.terms.participants[0]) revert NotPayer(one.channelId, msg.sender);
    }

    function termsAt(bytes32 channelId, address place) internal view returns (ChannelTerms memory terms) {
        terms = TermsCode.hot(place);
        if (terms.participants.length == 0) revert UnknownChannel(channelId);
    }

    /// Puts base units on a balance and tells of the one move from where they were.
    function credit(
        Payee memory one,
        address owner,
        uint64 blockNumber,
        TokenBook from,
        uint256 amount,
        Reason reason
    ) internal {
        balances[one.terms.token][owner] += amount;
        tell(one, blockNumber, from, TokenBook.Balance, amount, reason);
    }

    function tell(
        Payee memory one,
        uint64 blockNumber,
        TokenBook from,
        TokenBook to,
        uint256 amount,
        Reason reason
    ) internal {
        emit TokenMoved(one.channelId, one.account, one.terms.token, blockNumber, from, to, amount, reason);
    }

    function payeeIn(bytes32 channelId, address place, uint256 index, ChannelTerms memory terms)
        private
        view
        returns (Payee memory one)
    {
        uint256 count = terms.participants.length;
        if (index == 0 || index >= count) revert UnknownPayee(channelId, index);
        one.channelId = channelId;
        one.index = index;
        one.account = terms.participants[index];
        one.blockMax = SettlementMath.units(TermsCode.blockMaxOf(place, count)[index], terms.tokenPerUnit);
        one.terms = terms;
    }
}
