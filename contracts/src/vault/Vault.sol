// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IVault, Reason, TokenBook} from "../interfaces/IVault.sol";
import {TermsCode} from "../channels/TermsCode.sol";
import {AmountWords} from "../lib/AmountWords.sol";
import {Bonds} from "../lib/Bonds.sol";
import {SettlementMath} from "../lib/SettlementMath.sol";
import {Lines} from "./Lines.sol";
import {VaultStore} from "./VaultStore.sol";

/// Pays blocks and keeps what several results left open; Lines and Accounts do the rest. No act calls out but
/// those that move tokens in or money out, which are guarded, and reads of Channels and Blocks.
contract Vault is Lines {
    struct Contested {
        uint128 amount;
        uint64 since;
    }

    mapping(bytes32 channelId => mapping(uint64 blockNumber => mapping(uint256 payee => Contested))) private
        contestedOf;

    constructor(
        address channels_,
        address blocks_,
        address validatorRegistry_,
        address adjudicator_,
        address questions_,
        address panel_
    ) VaultStore(channels_, blocks_, validatorRegistry_, adjudicator_, questions_, panel_) {}

    /// @inheritdoc IVault
    function pay(
        bytes32 channelId,
        uint64 blockNumber,
        uint256 liveBefore,
        bytes32[] calldata low,
        bytes32[] calldata high
    ) external {
        if (msg.sender != blocks) revert NotAllowed(msg.sender);
        address place = TermsCode.placeOf(channels, channelId);
        Payee memory one;
        one.channelId = channelId;
        one.terms = termsAt(channelId, place);
        uint256 count = one.terms.participants.length;
        uint64[] memory blockMaxNano = TermsCode.blockMaxOf(place, count);
        for (uint256 i = 1; i < count; i++) {
            uint64 lowNano = AmountWords.nanoIn(low[i >> 2], i);
            uint64 highNano = high.length == 0 ? lowNano : AmountWords.nanoIn(high[i >> 2], i);
            if (lowNano == 0 && highNano == 0) continue;
            one.index = i;
            one.account = one.terms.participants[i];
            payOne(one, blockNumber, liveBefore, [blockMaxNano[i], lowNano, highNano]);
        }
    }

    /// @inheritdoc IVault
    function concede(bytes32 channelId, uint64 blockNumber, uint8 payee) external {
        Payee memory one = payeeOf(channelId, payee);
        requirePayer(one);
        giveUp(one, blockNumber, one.account, Reason.Conceded);
    }

    /// @inheritdoc IVault
    function releaseContested(bytes32 channelId, uint64 blockNumber) external {
        Payee memory one = callingPayee(channelId);
        giveUp(one, blockNumber, one.terms.participants[0], Reason.ContestedReleased);
    }

    /// @inheritdoc IVault
    function burnContested(bytes32 channelId, uint64 blockNumber, uint8 payee) external {
        Payee memory one = payeeOf(channelId, payee);
        Contested memory found = contestedOf[channelId][blockNumber][payee];
        uint256 burnableAt = uint256(found.since) + one.terms.retentionPeriod;
        if (found.amount > 0 && block.timestamp < burnableAt) {
            revert ContestedTooYoung(channelId, blockNumber, burnableAt);
        }
        giveUp(one, blockNumber, Bonds.BURN, Reason.Burnt);
    }

    /// @inheritdoc IVault
    function contested(bytes32 channelId, uint64 blockNumber, uint8 payee)
        external
        view
        returns (uint256 amount, uint64 since)
    {
        Contested memory found = contestedOf[channelId][blockNumber][payee];
        return (found.amount, found.since);
    }

    /// `nano`: blockMax, what the payee gets by the least and by the highest of the results that stand.
    function payOne(Payee memory one, uint64 blockNumber, uint256 live, uint64[3] memory nano) private {
        if (nano[1] > nano[0]) {
            emit CutToBlockMax(one.channelId, one.account, blockNumber, nano[1] - nano[0]);
        }
        uint256[3] memory inUnits;
        for (uint256 k = 0; k < 3; k++) {
            uint64 within = nano[k] < nano[0] ? nano[k] : nano[0];
            inUnits[k] = SettlementMath.units(within, one.terms.tokenPerUnit);
        }
        Line memory held = lines[one.channelId][one.index];
        SettlementMath.Payment memory result =
            SettlementMath.payment(held.amount, inUnits[0], live, inUnits[1], inUnits[2]);
        held.amount -= uint128(result.paid + result.contested);
        held.debt += uint128(result.lacking);
        lines[one.channelId][one.index] = held;
        if (result.paid > 0) {
            credit(one, one.account, blockNumber, TokenBook.Line, result.paid, Reason.Settle);
        }
        if (result.lacking > 0) {
            tell(one, blockNumber, TokenBook.Outside, TokenBook.Owed, result.lacking, Reason.Settle);
        }
        if (result.contested > 0) {
            contestedOf[one.channelId][blockNumber][one.index] =
                Contested(uint128(result.contested), uint64(block.timestamp));
            tell(one, blockNumber, TokenBook.Line, TokenBook.Contested, result.contested, Reason.Settle);
        }
    }

    function giveUp(Payee memory one, uint64 blockNumber, address owner, Reason reason) private {
        uint256 amount = contestedOf[one.channelId][blockNumber][one.index].amount;
        if (amount == 0) revert NothingContested(one.channelId, blockNumber, one.index);
        delete contestedOf[one.channelId][blockNumber][one.index];
        credit(one, owner, blockNumber, TokenBook.Contested, amount, reason);
    }
}
