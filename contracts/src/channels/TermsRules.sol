// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IReducerTable} from "../interfaces/IReducerTable.sol";
import {AmountWords} from "../lib/AmountWords.sol";
import {Bonds} from "../lib/Bonds.sol";
import {IParticipantRegistry} from "../registries/IParticipantRegistry.sol";
import {IReducer} from "../reducers/IReducer.sol";
import {ITermsRules} from "./ITermsRules.sol";

/// A contract of its own, since it is needed once a channel. All sums are of integers far below 2^256, so that
/// none wraps whatever the terms say.
contract TermsRules is ITermsRules {
    uint8 private constant DSP = 1;
    uint8 private constant ADVERTISER = 2;
    uint8 private constant OPERATOR = 6;
    uint256 private constant PARTICIPANTS_MIN = 2;
    uint256 private constant PARTICIPANTS_MAX = 16;
    uint256 private constant BLOCKS_MAX = 2 ** 20;
    /// How many blocks may be unfinished at a time: what bounds the counting of live blocks.
    uint256 private constant BLOCKS_UNFINISHED_MAX = 8_191;
    /// Far above any token; keeps every product of nano and rate below 2^256.
    uint256 private constant TOKEN_PER_UNIT_MAX = type(uint128).max;
    /// Of what a block pays one payee: so many blocks that no line and no debt exceeds 128 bits.
    uint256 private constant BLOCK_MAX_UNITS_END = 2 ** 96;
    /// Each batch counts with at least so many bytes (wire-formats.md 5).
    uint256 private constant AUTHOR_BYTES_MIN = 2_048;
    /// rowsMax = ⌊authorBytesMax / ROW_BYTES⌋ + 1 segments of an author, of at most BATCH_RECORDS_MAX records.
    uint256 private constant ROW_BYTES = 8_192;
    uint256 private constant BATCH_RECORDS_MAX = 1_021;
    uint256 private constant RECORDS_MAX = 2 ** 40;
    uint256 private constant AMOUNTS_END = 2 ** 63;

    IReducerTable public immutable reducerTable;
    IParticipantRegistry public immutable participantRegistry;

    constructor(IReducerTable reducerTable_, IParticipantRegistry participantRegistry_) {
        reducerTable = reducerTable_;
        participantRegistry = participantRegistry_;
    }

    /// @inheritdoc ITermsRules
    function check(ChannelTerms calldata terms) external view {
        checkParticipants(terms);
        checkBlocks(terms);
        checkPeriods(terms);
        checkMoney(terms);
        IReducer reducer = IReducer(reducerTable.reducerOf(terms.reducer));
        reducer.checkParameters(terms.roles, terms.reducerParameters);
        checkAmounts(terms, reducer.auditorFeeNano(terms.reducerParameters));
    }

    function checkParticipants(ChannelTerms calldata terms) private view {
        uint256 count = terms.participants.length;
        if (count < PARTICIPANTS_MIN || count > PARTICIPANTS_MAX) revert ParticipantCountOutOfRange(count);
        if (terms.roles.length != count) revert RoleCountMismatch(terms.roles.length, count);
        for (uint256 i = 0; i < count; i++) {
            uint8 role = terms.roles[i];
            bool isPayer = role == DSP || role == ADVERTISER;
            if (role == 0 || role > OPERATOR || isPayer != (i == 0)) revert RoleNotAllowed(i, role);
            address account = terms.participants[i];
            if (account == address(0)) revert ParticipantZero(i);
            for (uint256 j = 0; j < i; j++) {
                if (terms.participants[j] == account) revert ParticipantRepeated(account);
            }
            if (!participantRegistry.isRegistered(account)) revert ParticipantNotRegistered(account);
        }
    }

    function checkBlocks(ChannelTerms calldata terms) private pure {
        if (terms.blockPolicy != 0) revert BlockPolicyNotSupported(terms.blockPolicy);
        if (terms.blocksMax == 0 || terms.blocksMax > BLOCKS_MAX) {
            revert BlocksMaxOutOfRange(terms.blocksMax);
        }
        checkLeast("blockDuration", terms.blockDuration, 1);
        uint256 end = uint256(terms.firstBlockStart) + uint256(terms.blocksMax) * terms.blockDuration;
        if (end > type(uint64).max) revert BlocksEndTooLate(end);
    }

    function checkPeriods(ChannelTerms calldata terms) private pure {
        checkLeast("collationPeriod", terms.collationPeriod, 1);
        // Two halves, one to commit and one to reveal.
        checkLeast("processingPeriod", terms.processingPeriod, 2);
        checkLeast("challengePeriod", terms.challengePeriod, 1);
        checkLeast("answerPeriod", terms.answerPeriod, 1);
        // Every turn of a dispute fits into it, so that its end cuts nobody off.
        uint256 disputeMin = 3 * uint256(terms.challengePeriod) + 5 * uint256(terms.processingPeriod) + 24
            * uint256(terms.answerPeriod);
        checkLeast("disputeMax", terms.disputeMax, disputeMin);
        uint256 sum = uint256(terms.collectionGrace) + terms.collationPeriod + 2
            * uint256(terms.processingPeriod) + terms.challengePeriod + terms.disputeMax;
        // A stake vouches until every block that it was locked for is over.
        uint256 most = Math.min(BLOCKS_UNFINISHED_MAX * terms.blockDuration, Bonds.UNBONDING);
        if (sum > most) revert PeriodsTooLong(sum, most);
        checkLeast("withdrawalNotice", terms.withdrawalNotice, 2 * uint256(terms.blockDuration));
    }

    function checkMoney(ChannelTerms calldata terms) private view {
        if (terms.token.code.length == 0) revert TokenRefused(terms.token);
        uint256 rate = terms.tokenPerUnit;
        if (rate == 0 || rate > TOKEN_PER_UNIT_MAX) revert TokenPerUnitOutOfRange(rate);
        uint256 count = terms.participants.length;
        if (terms.blockMaxNano.length != count) {
            revert BlockMaxCountMismatch(terms.blockMaxNano.length, count);
        }
        if (terms.blockMaxNano[0] != 0) revert BlockMaxOfPayer(terms.blockMaxNano[0]);
        for (uint256 i = 1; i < count; i++) {
            uint256 units = terms.blockMaxNano[i] * rate / AmountWords.NANO_PER_UNIT;
            if (units >= BLOCK_MAX_UNITS_END) revert BlockMaxTooLarge(i, units);
        }
    }

    function checkAmounts(ChannelTerms calldata terms, uint256 auditorFeeNano) private pure {
        if (terms.priceNanoMax == 0) revert PriceNanoMaxZero();
        if (terms.authorBytesMax < AUTHOR_BYTES_MIN) {
            revert AuthorBytesMaxTooSmall(terms.authorBytesMax, AUTHOR_BYTES_MIN);
        }
        uint256 count = terms.participants.length;
        uint256 records = count * count * (terms.authorBytesMax / ROW_BYTES + 1) * BATCH_RECORDS_MAX;
        if (records > RECORDS_MAX) revert RecordsTooMany(records, RECORDS_MAX);
        uint256 bound = records * (terms.priceNanoMax + count * auditorFeeNano);
        if (bound >= AMOUNTS_END) revert AmountsCouldOverflow(bound);
    }

    function checkLeast(string memory name, uint256 given, uint256 least) private pure {
        if (given < least) revert PeriodTooShort(name, given, least);
    }
}
