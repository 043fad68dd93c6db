// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IChannelRegistryErrors} from "../interfaces/IChannelRegistryErrors.sol";
import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";

/// The rules that terms obey for a channel to open (wire-formats.md 2 and 7). A contract of its own, made by
/// the ChannelRegistry's constructor, because it is needed once a channel and would crowd the code that runs
/// every block.
contract TermsRules is IChannelRegistryErrors {
    uint8 private constant DSP = 1;
    uint8 private constant ADVERTISER = 2;
    uint8 private constant AUDITOR = 5;
    uint8 private constant OPERATOR = 6;
    uint256 private constant PARTICIPANTS_MIN = 2;
    uint256 private constant PARTICIPANTS_MAX = 16;
    uint64 private constant BLOCKS_MAX = 2 ** 20;
    /// No period is longer than a leap year, so that every block ends within a bound.
    uint64 private constant PERIOD_MAX = 366 days;
    /// Far above any token; keeps every sum of base units below 2^256.
    uint256 private constant TOKEN_PER_UNIT_MAX = type(uint128).max;
    bytes32 private constant REDUCER = keccak256("rtb-impression/1");
    uint256 private constant PPM = 1_000_000;

    // Words of the encoded reducer parameters, in their order; the shares' (participant, ppm) pairs follow
    // the last.
    uint256 private constant PRICE_TOLERANCE_PPM = 0;
    uint256 private constant ON_PRICE_MISMATCH = 1;
    uint256 private constant ON_MISSING_DSP = 2;
    uint256 private constant ON_MISSING_SSP = 3;
    uint256 private constant ON_MISSING_AUDIT = 4;
    uint256 private constant REQUIRE_VIEWABLE = 5;
    uint256 private constant AUDITOR_FEE_NANO = 6;
    uint256 private constant SHARES_OFFSET = 7;
    uint256 private constant DISCREPANCY_LIMIT_PPM = 8;
    uint256 private constant SHARES_LENGTH = 9;

    /// Returns if all rules hold, reverts with the first refusal otherwise.
    function check(ChannelTerms calldata terms, IParticipantRegistry participants) external view {
        uint256 count = terms.participants.length;
        if (count < PARTICIPANTS_MIN || count > PARTICIPANTS_MAX) revert ParticipantCountOutOfRange(count);
        bool hasAuditor = checkParticipants(terms, participants);
        checkTimes(terms);
        if (terms.token.code.length == 0) revert TokenRefused(terms.token);
        if (terms.tokenPerUnit == 0 || terms.tokenPerUnit > TOKEN_PER_UNIT_MAX) {
            revert TokenPerUnitOutOfRange(terms.tokenPerUnit);
        }
        if (keccak256(bytes(terms.reducer)) != REDUCER) revert ReducerUnknown(terms.reducer);
        uint256 feeNano = checkParameters(terms.reducerParameters, count, hasAuditor);
        // Each factor has at most 64 bits and the counts are small: far from 2^256.
        uint256 worst = uint256(terms.priceNanoMax) + count * feeNano;
        uint256 bound = count * count * (terms.authorBytesMax / 64) * worst;
        if (bound >= 2 ** 63) revert AmountsCouldOverflow(bound);
    }

    function checkParticipants(ChannelTerms calldata terms, IParticipantRegistry participants)
        private
        view
        returns (bool hasAuditor)
    {
        uint256 count = terms.participants.length;
        if (terms.roles.length != count) revert RoleCountMismatch(terms.roles.length, count);
        for (uint256 i = 0; i < count; i++) {
            uint8 role = terms.roles[i];
            bool isPayer = role == DSP || role == ADVERTISER;
            if (role == 0 || role > OPERATOR || isPayer != (i == 0)) revert RoleNotAllowed(i, role);
            if (role == AUDITOR) hasAuditor = true;
            address account = terms.participants[i];
            for (uint256 j = 0; j < i; j++) {
                if (terms.participants[j] == account) revert ParticipantRepeated(account);
            }
            if (!participants.isRegistered(account)) revert ParticipantNotRegistered(account);
        }
    }

    function checkTimes(ChannelTerms calldata terms) private pure {
        if (terms.blockPolicy != 0) revert BlockPolicyNotSupported(terms.blockPolicy);
        if (terms.blocksMax == 0 || terms.blocksMax > BLOCKS_MAX) {
            revert BlocksMaxOutOfRange(terms.blocksMax);
        }
        checkPeriod("blockDuration", terms.blockDuration, 1);
        checkPeriod("collectionGrace", terms.collectionGrace, 0);
        checkPeriod("collationPeriod", terms.collationPeriod, 1);
        // Two halves, one to commit and one to reveal.
        checkPeriod("processingPeriod", terms.processingPeriod, 2);
        checkPeriod("challengePeriod", terms.challengePeriod, 1);
        // A dispute outlasts every window in which a result may be revealed, so that none is cut off by its
        // end.
        checkPeriod("disputeMax", terms.disputeMax, terms.processingPeriod + terms.challengePeriod);
    }

    function checkPeriod(string memory name, uint64 given, uint64 least) private pure {
        if (given < least || given > PERIOD_MAX) revert PeriodOutOfRange(name, given, least, PERIOD_MAX);
    }

    /// Word by word rather than by abi.decode: every refusal is named and only the one canonical encoding
    /// passes.
    function checkParameters(bytes calldata encoded, uint256 count, bool hasAuditor)
        private
        pure
        returns (uint256 auditorFeeNano)
    {
        if (encoded.length < (SHARES_LENGTH + 1) * 32) {
            revert ReducerParameterRefused("encoding", encoded.length);
        }
        checkWord("priceTolerancePpm", encoded, PRICE_TOLERANCE_PPM, type(uint32).max);
        checkWord("onPriceMismatch", encoded, ON_PRICE_MISMATCH, 3);
        checkWord("onMissingDsp", encoded, ON_MISSING_DSP, 1);
        checkWord("onMissingSsp", encoded, ON_MISSING_SSP, 1);
        uint256 onMissingAudit = checkWord("onMissingAudit", encoded, ON_MISSING_AUDIT, 1);
        uint256 requireViewable = checkWord("requireViewable", encoded, REQUIRE_VIEWABLE, 1);
        auditorFeeNano = checkWord("auditorFeeNano", encoded, AUDITOR_FEE_NANO, type(uint64).max);
        checkWord("discrepancyLimitPpm", encoded, DISCREPANCY_LIMIT_PPM, type(uint32).max);
        if (!hasAuditor && (onMissingAudit == 0 || requireViewable == 1)) revert AuditorMissing();
        checkShares(encoded, count);
    }

    function checkShares(bytes calldata encoded, uint256 count) private pure {
        uint256 shares = checkWord("shares", encoded, SHARES_LENGTH, count - 1);
        uint256 offset = wordAt(encoded, SHARES_OFFSET);
        if (offset != SHARES_LENGTH * 32 || encoded.length != (SHARES_LENGTH + 1 + 2 * shares) * 32) {
            revert ReducerParameterRefused("encoding", encoded.length);
        }
        uint256 named = 0;
        uint256 sum = 0;
        for (uint256 i = 0; i < shares; i++) {
            uint256 participant = wordAt(encoded, SHARES_LENGTH + 1 + 2 * i);
            uint256 ppm = wordAt(encoded, SHARES_LENGTH + 2 + 2 * i);
            bool isNamed = participant < count && (named >> participant) & 1 == 1;
            if (participant == 0 || participant >= count || isNamed || ppm > PPM - sum) {
                revert ShareRefused(participant, ppm);
            }
            named |= 1 << participant;
            sum += ppm;
        }
    }

    function checkWord(string memory name, bytes calldata encoded, uint256 index, uint256 most)
        private
        pure
        returns (uint256 value)
    {
        value = wordAt(encoded, index);
        if (value > most) revert ReducerParameterRefused(name, value);
    }

    function wordAt(bytes calldata encoded, uint256 index) private pure returns (uint256) {
        return uint256(bytes32(encoded[index * 32:index * 32 + 32]));
    }
}
