// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockDisputes} from "../../src/blocks/BlockDisputes.sol";
import {Places} from "../../src/blocks/BlockStore.sol";
import {Blocks} from "../../src/blocks/Blocks.sol";
import {ResultRules} from "../../src/blocks/ResultRules.sol";
import {Channels} from "../../src/channels/Channels.sol";
import {ReducerTable} from "../../src/channels/ReducerTable.sol";
import {TermsRules} from "../../src/channels/TermsRules.sol";
import {IBlocks} from "../../src/interfaces/IBlocks.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {Deployed} from "../../src/lens/ILens.sol";
import {Lens} from "../../src/lens/Lens.sol";
import {RtbImpression1} from "../../src/reducers/RtbImpression1.sol";
import {ParticipantRegistry} from "../../src/registries/ParticipantRegistry.sol";
import {ValidatorRegistry} from "../../src/registries/ValidatorRegistry.sol";
import {Vault} from "../../src/vault/Vault.sol";
import {Test} from "./Test.sol";

/// All contracts at the addresses that their deployer's nonces foretell, in the order of contracts/README.md.
abstract contract Deployment is Test {
    address internal constant ADJUDICATOR = address(0xad);
    address internal constant QUESTIONS = address(0x9e);
    address internal constant PANEL = address(0xba);

    RtbImpression1 internal rtbImpression1;
    ReducerTable internal reducerTable;
    TermsRules internal termsRules;
    ParticipantRegistry internal participants;
    Channels internal channels;
    Vault internal vault;
    ValidatorRegistry internal validators;
    ResultRules internal resultRules;
    BlockDisputes internal blockDisputes;
    IBlocks internal blocks;
    Lens internal lens;

    function deploy() internal {
        uint256 nonce = vm.getNonce(address(this));
        address participantRegistry = foretold(nonce + 3);
        address channelsPlace = foretold(nonce + 4);
        address validatorRegistry = foretold(nonce + 6);
        address blocksPlace = foretold(nonce + 9);
        rtbImpression1 = new RtbImpression1();
        reducerTable = new ReducerTable(address(rtbImpression1));
        termsRules = new TermsRules(reducerTable, ParticipantRegistry(participantRegistry));
        participants = new ParticipantRegistry(channelsPlace);
        channels = new Channels(termsRules);
        vault = new Vault(channelsPlace, blocksPlace, validatorRegistry, ADJUDICATOR, QUESTIONS, PANEL);
        validators = new ValidatorRegistry(IVault(address(vault)));
        resultRules = new ResultRules();
        Places memory places = Places({
            channels: channels,
            vault: vault,
            participants: participants,
            validators: validators,
            rules: resultRules,
            adjudicator: ADJUDICATOR,
            questions: QUESTIONS,
            panel: PANEL
        });
        blockDisputes = new BlockDisputes(places);
        blocks = IBlocks(address(new Blocks(places, address(blockDisputes))));
        lens = new Lens(
            Deployed({
                channels: address(channels),
                vault: address(vault),
                blocks: address(blocks),
                participantRegistry: address(participants),
                validatorRegistry: address(validators),
                reducerTable: address(reducerTable),
                adjudicator: ADJUDICATOR,
                questions: QUESTIONS,
                panel: PANEL
            })
        );
    }

    function foretold(uint256 nonce) internal view returns (address) {
        return vm.computeCreateAddress(address(this), nonce);
    }
}
